"""Files of each kind that is read without a framework: every tensor by its name, every number carried and marked."""

from __future__ import annotations

import json
import zipfile
from math import prod
from pathlib import Path

import pytest
import saved_files as files
from click.testing import CliRunner

from introspect import compare, diagnose, explain, saved
from introspect.cli import main
from introspect.demo import on_paper
from introspect.errors import UnreadableError

OF_TENSORS = ["safetensors", "npz", "npz_deflated", "state_dict", "legacy", "exported"]


def put(folder: Path, data: bytes, name: str = "file") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("kind", OF_TENSORS)
def test_every_tensor_is_told_by_its_name_and_shape(tmp_path: Path, kind: str) -> None:
    e = saved.load(put(tmp_path, files.valid()[kind]))
    assert {t.holders[0]: t.shape for t in e.tensors} == dict(files.SHAPES)
    assert e.params == files.PARAMS == 36 + 4 + 8 + 2
    assert [(row.path, int(row.params)) for row in e.layers] == [("conv", 40), ("fc", 10)]
    assert e.status == "incomplete"
    assert {t.status for t in e.tensors} == {"opaque"}
    assert not e.neurons.known


@pytest.mark.parametrize("kind", OF_TENSORS)
def test_it_looks_like_what_it_is(tmp_path: Path, kind: str) -> None:
    said = CliRunner().invoke(main, ["explain", str(put(tmp_path, files.valid()[kind], "model.bin")), "--width", "100"])
    assert said.exit_code == 0
    assert "weight 4×1×3×3, bias 4" in said.output
    assert "50  = 40 + 10" in said.output
    assert "tensors alone" in said.output
    assert "framework" not in said.output


def test_arrays_without_a_prefix_have_a_row_each(tmp_path: Path) -> None:
    e = saved.load(put(tmp_path, files.npz({"arr_0": (3, 5), "arr_1": (5,)})))
    assert [(row.path, int(row.params)) for row in e.layers] == [("arr_0", 15), ("arr_1", 5)]
    assert saved.load(put(tmp_path, files.npy((3, 5), version=2), "weights.npy")).params == 15
    e = saved.load(put(tmp_path, files.npz({"params/dense/kernel": (3, 5), "params/dense/bias": (5,)})))
    assert [(row.path, int(row.params)) for row in e.layers] == [("params/dense", 20)]


def test_python_2_wrote_its_numbers_otherwise(tmp_path: Path) -> None:
    data = files.npy((3, 5)).replace(b"(3, 5), ", b"(3L, 5L)")
    assert saved.load(put(tmp_path, data)).params == 15


def test_a_model_in_several_files(tmp_path: Path) -> None:
    parts = {"a.safetensors": {"conv.weight": (4, 9)}, "b.safetensors": {"conv.bias": (4,), "fc.weight": (2, 4)}}
    for name, shapes in parts.items():
        put(tmp_path, files.safetensors(files.safetensors_header(shapes), bytes(4 * sum(map(prod, shapes.values())))), name)
    index = {"metadata": {}, "weight_map": {name: part for part, shapes in parts.items() for name in shapes}}
    path = put(tmp_path, json.dumps(index).encode(), "model.safetensors.index.json")
    e = saved.load(path)
    assert e.params == 36 + 4 + 8
    assert [row.path for row in e.layers] == ["conv", "fc"]
    (tmp_path / "b.safetensors").unlink()
    with pytest.raises(UnreadableError, match=r"b\.safetensors"):
        saved.load(path)


def test_tied_tensors_are_counted_once(tmp_path: Path) -> None:
    body = files.mapping({"emb.weight": files.tensor("0", (5, 3)), "head.weight": files.tensor("0", (5, 3))})
    e = saved.load(put(tmp_path, files.torch_zip(body, {"archive/data/0": bytes(60)})))
    assert e.params == 15
    assert e.tensors[0].holders == ["emb.weight", "head.weight"]
    assert "tied to emb.weight" in e.render("text", width=200)
    body = files.mapping({"a.weight": files.tensor("0", (3,), 5), "b.weight": files.tensor("0", (5,))})
    e = saved.load(put(tmp_path, files.torch_zip(body, {"archive/data/0": bytes(20)})))
    assert e.params == 8
    assert "a.weight, b.weight are parts of one storage" in e.render("text", width=200)


def test_a_checkpoint_with_an_optimiser(tmp_path: Path) -> None:
    weights = files.mapping({"conv.weight": files.tensor("0", (3, 5)), "bn.running_mean": files.tensor("1", (5,))})
    state = files.mapping({"state": files.mapping({"exp_avg": files.tensor("0", (3, 5))}), "param_groups": b"]"})
    body = files.mapping({"model": weights, "optimizer": state, "epoch": files.number(3)})
    e = saved.load(put(tmp_path, files.torch_zip(body, {"archive/data/0": bytes(60), "archive/data/1": bytes(20)})))
    assert e.params == 15
    assert e.buffers == 5
    assert [row.path for row in e.layers] == ["conv", "bn"]
    assert "the state of an optimiser is left out: 1 tensor" in e.render("text", width=200)
    assert "taken for buffers by their names" in e.render("text", width=200)


def test_a_saved_explanation_is_one_of_them(tmp_path: Path) -> None:
    e = saved.load(put(tmp_path, files.explanation()))
    assert e.model == on_paper()
    said = CliRunner().invoke(main, ["diagnose", str(tmp_path / "file"), "--claim", "154798"])
    assert said.exit_code == 0
    assert "is right" in said.output


def test_tensors_are_compared_by_their_names(tmp_path: Path) -> None:
    of_file = saved.load(put(tmp_path, files.state_dict()))
    other = saved.load(put(tmp_path, files.npz({**files.SHAPES, "fc.weight": (3, 4), "extra.weight": (7,)}), "other"))
    found = compare(of_file, other)
    assert not found.same
    assert {(reason.code, reason.amount) for reason in found.reasons} == {("only_in_b", -7), ("other_shape", -4)}
    assert found.difference == -11
    assert compare(of_file, saved.load(tmp_path / "file")).same
    prefixed = {f"module.{name}": shape for name, shape in files.SHAPES.items()}
    assert compare(of_file, saved.load(put(tmp_path, files.state_dict(prefixed), "ddp"))).same


def test_a_model_against_its_tensors(tmp_path: Path) -> None:
    e = explain(on_paper())
    shapes = {t.holders[0]: tuple(map(int, t.shape or ())) for t in e.tensors}
    found = compare(e, saved.load(put(tmp_path, files.state_dict(shapes))))
    assert found.same, str(found)
    shapes["conv1.kernel"] = (1, 2, 3)
    assert not compare(e, saved.load(put(tmp_path, files.state_dict(shapes)))).same
    in_order = {f"arr_{i}": shape for i, shape in enumerate(shapes.values())}
    assert "paired, in order" in str(compare(e, saved.load(put(tmp_path, files.npz(in_order)))))


def test_a_claim_about_tensors(tmp_path: Path) -> None:
    e = saved.load(put(tmp_path, files.state_dict()))
    assert diagnose(e, 50).right
    assert diagnose(e, 10, at="fc").right
    assert not diagnose(e, 51).right


def test_a_name_that_a_terminal_would_act_on_is_spelled_out(tmp_path: Path) -> None:
    e = saved.load(put(tmp_path, files.state_dict({"a\x1b[2J.weight\u202e": (3,)})))
    assert "\x1b" not in str(e)
    assert e.tensors[0].holders == ["a\\x1b[2J.weight\\u202e"]


def test_an_archive_of_another_kind_is_named(tmp_path: Path) -> None:
    for data, said in (
        (files.zipped({"word/document.xml": b"x"}), "a zip file of 1: word/document.xml"), (b"", "an empty file"),
        (b"GGUF\x03\x00\x00\x00", "GGUF"), (b"PK\x05\x06" + bytes(18), "an empty zip file"), (b"#!/bin/sh\n", "a script"),
    ):  # fmt: skip
        with pytest.raises(UnreadableError, match=r"file: this is no file that can be read") as caught:
            saved.load(put(tmp_path, data))
        assert said in str(caught.value)


def test_the_reader_of_zip_files_takes_what_frameworks_write(tmp_path: Path) -> None:
    path = put(tmp_path, files.npz())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("read.me", b"hello", zipfile.ZIP_DEFLATED)
    assert saved.load(path).params == files.PARAMS
