"""Saved Keras models: explained from their configuration, held against what the file stores, nothing made and nothing run."""

from __future__ import annotations

import json
import os
import random
import resource
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest
from click.testing import CliRunner
from keras import layers

from introspect import Explanation, compare, explain, saved
from introspect.cli import main
from introspect.errors import IntrospectError, UnreadableError

HUGE = 10**10


def small() -> Any:
    x = inputs = keras.Input((12, 12, 2), name="image")
    x = layers.Conv2D(4, 3, name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Reshape((100, 4), name="flat")(x)
    x = layers.Bidirectional(layers.GRU(3), name="both")(x)
    return keras.Model(inputs, layers.Dense(5, name="head")(layers.Dropout(0.5, name="drop")(x)), name="small")


def nested() -> Any:
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(4, name="a"), layers.Dense(4, name="b")], name="inner")
    x = keras.Input((6,), name="x")
    return keras.Model(x, [inner(x), layers.Dense(2, name="c")(inner(x))], name="nested")


def attending() -> Any:
    q = keras.Input((7, 8), name="q")
    y = layers.MultiHeadAttention(2, 4, name="attention")(q, q)
    return keras.Model(q, layers.LayerNormalization(name="norm")(layers.Add(name="add")([q, y])), name="attending")


@pytest.fixture
def canary(tmp_path: Path) -> Any:
    yield tmp_path / "canary"
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.parametrize("make", [small, nested, attending])
def test_the_file_is_verified_by_what_it_stores(tmp_path: Path, make: Callable[[], Any], form: str) -> None:
    model = make()
    model.compile("adam", "mse")
    model.save(tmp_path / f"file.{form}")
    (tmp_path / f"file.{form}").rename(tmp_path / "file")  # what it is called says nothing
    e = saved.load(tmp_path / "file")
    live = explain(model)
    assert e.status == "verified", str(e)
    assert "stored in file" in " ".join(str(e).split())
    assert (e.params, e.trainable, e.neurons) == (live.params, live.trainable, live.neurons)
    assert [(row.path, row.output_shape) for row in e.layers] == [(row.path, row.output_shape) for row in live.layers]
    assert compare(model, e).same


@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_file_that_stores_another_shape_is_a_mismatch(tmp_path: Path, form: str) -> None:
    model = small()
    path = tmp_path / f"small.{form}"
    model.save(path)
    if form == "h5":
        with h5py.File(path, "r+") as file:
            del file["model_weights/head"][next(n for n in file["model_weights/head"].attrs["weight_names"] if "kernel" in n)]
            file["model_weights/head"]["small/head/kernel" if "small" in file["model_weights/head"] else "head/kernel"] = [
                [1.0]
            ]
    else:
        rewritten(path, **{"config.json": lambda text: text.replace(b'"units": 5', b'"units": 6')})
    e = saved.load(path)
    assert e.status == "mismatch"
    assert [row.path for row in e.mismatches] == ["head"]
    assert CliRunner().invoke(main, ["explain", str(path)]).exit_code == 1


def rewritten(path: Path, **changes: Callable[[bytes], bytes]) -> None:
    """The archive at `path` with some members changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@cache
def plain(form: str) -> bytes:
    """A saved Sequential model."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"plain.{form}"
        keras.Sequential([keras.Input((4,)), layers.Dense(3, name="dense")], name="plain").save(path)
        return path.read_bytes()


def reconfigured(path: Path, change: Callable[[list[Any]], Any], form: str = "keras") -> None:
    """A saved Sequential model whose layers are changed in its configuration."""
    path.write_bytes(plain(form))

    def changed(text: bytes) -> bytes:
        config = json.loads(text)
        change(config["config"]["layers"])
        return json.dumps(config).encode()

    if form == "keras":
        rewritten(path, **{"config.json": changed})
        return
    with h5py.File(path, "r+") as file:
        text = file.attrs["model_config"]
        file.attrs["model_config"] = changed(text.encode() if isinstance(text, str) else text).decode()


def test_nothing_is_made_at_the_size_that_is_claimed(tmp_path: Path) -> None:
    for form in ("keras", "h5"):
        path = tmp_path / f"large.{form}"
        reconfigured(path, lambda given: given[1]["config"].update(units=HUGE), form)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        e = saved.load(path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB, the frameworks' own memory among them
        assert e["dense"].params == 5 * HUGE
        assert e.status == "mismatch"  # the file stores three units
        assert peak < 200 * 2**10


def test_nothing_of_it_is_left_behind(tmp_path: Path) -> None:
    small().save(tmp_path / "small.keras")
    before = random.getstate()
    saved.load(tmp_path / "small.keras")
    assert random.getstate() == before
    name = layers.Dense(2).name
    saved.load(tmp_path / "small.keras")
    number = int(name.rpartition("_")[2]) if "_" in name else 0
    assert layers.Dense(2).name == f"dense_{number + 1}"
    with keras.StatelessScope():
        pass  # at whose end Keras fills all variables that wait for it


CALL = {"module": "os", "class_name": "system", "config": {}, "registered_name": "system"}
FUNCTION = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
LAMBDA = {"class_name": "__lambda__", "config": {"value": "4wEAAAA=", "defaults": None, "closure": None}}


def of_keras(cls: str, /, **config: Any) -> dict[str, Any]:
    return {"module": "keras.layers", "class_name": cls, "config": config, "registered_name": None}


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (CALL, "os.system"),
        (of_keras("Dense", units=3, name="mine", activation=FUNCTION), "'mine' of this file is more than a configuration"),
        (of_keras("Dense", units=3, kernel_initializer=LAMBDA), "the Python code in it"),
        (of_keras("Lambda", name="bad", function=LAMBDA), "'bad' of this file is more"),
        (of_keras("TFSMLayer", filepath="/tmp/x"), "a TensorFlow program"),
        (of_keras("TorchModuleWrapper", module="gAQ="), "a pickled PyTorch module"),
        ({**of_keras("get_file", origin="http://localhost/x"), "module": "keras.utils"}, "not Keras' own"),
        ({**of_keras("Mine"), "registered_name": "package>Mine", "module": None}, "not known here"),
        (of_keras("StringLookup", vocabulary="/etc/passwd"), "another file"),
        (of_keras("NoSuchLayer"), "cannot rebuild"),
        (of_keras("Dense", units=-1), "cannot rebuild"),
        (of_keras("Dense", units="many"), "cannot rebuild"),
        (of_keras("Reshape", target_shape=[2] * 100), "cannot rebuild"),
        ({"class_name": ["Dense"], "config": {}}, "what it names"),
        ({**of_keras("Dense", units=3), "registered_name": ["a"]}, "has no name"),
        (of_keras("TFOpLambda", function="io.gfile.rmtree", name="op"), "'op' of this file is more"),
        ({**of_keras("__typespec__"), "spec_name": "x"}, "not Keras' own"),
        ({"class_name": "Dense"}, "cannot rebuild"),
        (3, "cannot rebuild"),
    ],
)
@pytest.mark.parametrize("form", ["keras", "h5"])
def test_a_configuration_that_is_more_than_one_is_refused(tmp_path: Path, layer: Any, said: str, form: str) -> None:
    path = tmp_path / f"file.{form}"
    reconfigured(path, lambda given: given.insert(1, layer), form)
    with pytest.raises(UnreadableError, match=said) as caught:
        saved.load(path)
    assert str(path) in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_code_in_a_file_runs_with_trust_alone(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'canary')!r}, 'w').close() or x"
    double = eval(f"lambda x: {code}")
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(double, output_shape=(4,), name="double")])
    (tmp_path / "canary").unlink(missing_ok=True)  # saving may have called it
    model.save(tmp_path / "model.keras")
    said = CliRunner().invoke(main, ["explain", str(tmp_path / "model.keras")])
    assert said.exit_code == 2
    assert "'double' of this file is more than a configuration: it runs the Python code in it" in said.output
    assert "--trust" in said.output
    assert not (tmp_path / "canary").exists()
    e = saved.load(tmp_path / "model.keras", trust=True)
    assert e.params == 0
    assert CliRunner().invoke(main, ["explain", str(tmp_path / "model.keras"), "--trust"]).exit_code == 0


def test_a_class_of_ones_own_is_rebuilt_where_it_is_registered(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("introspect_tests")
    class Own(layers.Dense):  # type: ignore[misc]
        pass

    model = keras.Sequential([keras.Input((4,)), Own(3, name="own")])
    model.save(tmp_path / "own.keras")
    assert saved.load(tmp_path / "own.keras").params == 15
    keras.saving.get_custom_objects().pop("introspect_tests>Own")
    with pytest.raises(UnreadableError, match="'own' of this file is more than a configuration"):
        saved.load(tmp_path / "own.keras")


def test_weights_alone_are_tensors(tmp_path: Path) -> None:
    model = small()
    model.save_weights(tmp_path / "small.weights.h5")
    e = saved.load(tmp_path / "small.weights.h5")
    assert e.params == explain(model).params
    assert e.status == "incomplete"
    assert "4×5" not in str(e)
    assert "6×5" in str(e)
    assert compare(model, e).difference == 0


def test_a_file_without_its_weights_is_worked_out_and_not_verified(tmp_path: Path) -> None:
    small().save(tmp_path / "small.keras")
    with zipfile.ZipFile(tmp_path / "small.keras") as archive:
        kept = {name: archive.read(name) for name in ("config.json", "metadata.json")}
    with zipfile.ZipFile(tmp_path / "small.keras", "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    e = saved.load(tmp_path / "small.keras")
    assert e.params == explain(small()).params
    assert e.status == "incomplete"


def hostile_h5(path: Path, kind: str) -> None:
    with h5py.File(path, "w") as file:
        if kind == "claim":
            file.create_dataset("x", (HUGE,), "f4")
        elif kind == "chunks":
            file.create_dataset("x", (HUGE, 100), "f4", chunks=(1000, 100), compression="gzip")
        elif kind == "elsewhere":
            file.create_dataset("x", (10,), "f4", external=[("/etc/passwd", 0, 40)])
        elif kind == "link":
            file["x"] = h5py.ExternalLink("/etc/passwd", "/")
        elif kind == "round":
            file["x"] = h5py.SoftLink("/x")
        elif kind == "deep":
            group = file
            for _ in range(3000):
                group = group.create_group("g")
            group["x"] = [1.0]
        elif kind == "objects":
            file.create_dataset("x", (2,), h5py.ref_dtype)
        elif kind == "long":
            file["n" * 5000] = [1.0]
        elif kind == "config":
            file.attrs["model_config"] = "[" * 10_000
        elif kind == "no_model":
            file.attrs["model_config"] = "{}"


@pytest.mark.parametrize(
    "kind", ["claim", "chunks", "elsewhere", "link", "round", "deep", "objects", "long", "config", "no_model"]
)
def test_a_hostile_hdf5_file(tmp_path: Path, kind: str) -> None:
    hostile_h5(tmp_path / "file", kind)
    with pytest.raises(IntrospectError) as caught:
        saved.load(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)


def test_damaged_hdf5_files(tmp_path: Path) -> None:
    """Cut off, and with bytes changed; each is listed by a process of its own, so that only a few are tried here."""
    small().save_weights(tmp_path / "small.weights.h5")
    whole = (tmp_path / "small.weights.h5").read_bytes()
    draw = random.Random(3)
    for i in range(8):
        data = bytearray(whole[: len(whole) * i // 4] if i < 4 else whole)
        for _ in range(20 if i >= 4 else 0):
            data[draw.randrange(len(data))] = draw.randrange(256)
        (tmp_path / "file").write_bytes(bytes(data))
        try:
            e = saved.load(tmp_path / "file")
        except IntrospectError as error:
            said = str(error)
        else:
            assert isinstance(e, Explanation)
            assert i >= 4
            said = "file"
        assert "file" in said


def test_a_process_that_dies_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from introspect_keras import hdf5, listing

    (tmp_path / "script.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    (tmp_path / "slow.py").write_text("import time; time.sleep(60)")
    small().save_weights(tmp_path / "small.weights.h5")
    monkeypatch.setattr(listing, "__file__", str(tmp_path / "script.py"))
    with pytest.raises(UnreadableError, match="ended with -11"):
        saved.load(tmp_path / "small.weights.h5")
    monkeypatch.setattr(listing, "__file__", str(tmp_path / "slow.py"))
    monkeypatch.setattr(hdf5, "PATIENCE", 0.5)
    with pytest.raises(UnreadableError, match="takes too long"):
        saved.load(tmp_path / "small.weights.h5")


def test_a_configuration_may_import_nothing(tmp_path: Path, canary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imported_by_a_file.py").write_text(f"open({str(canary)!r}, 'w').close()\nclass Layer: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    layer = {"module": "imported_by_a_file", "class_name": "Layer", "config": {}, "registered_name": "Layer"}
    for form in ("keras", "h5"):
        reconfigured(tmp_path / f"file.{form}", lambda given: given.insert(1, layer), form)
        with pytest.raises(UnreadableError, match=r"imported_by_a_file\.Layer"):
            saved.load(tmp_path / f"file.{form}")
    assert os.environ.get("KERAS_BACKEND")
