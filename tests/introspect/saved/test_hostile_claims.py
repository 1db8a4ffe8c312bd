"""Files that claim what they do not hold, are cut off, or have a few bytes changed: an error that names them, or right."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path

import pytest
import saved_files as files
from hostile_files import ENTRY, HUGE, MEMORY, in_bytes, refused
from hypothesis import given
from hypothesis import strategies as st

from introspect import Explanation, saved
from introspect.errors import IntrospectError


@pytest.mark.parametrize(
    "data",
    [
        files.safetensors({"a": ENTRY}, b""),
        files.safetensors({"a": {**ENTRY, "data_offsets": [0, 4]}}, bytes(4)),
        files.safetensors({"a": {**ENTRY, "shape": [2**62, 2**62]}}, bytes(4)),
        files.safetensors({"a": {**ENTRY, "shape": [-1], "data_offsets": [4, 0]}}, bytes(4)),
        files.safetensors({"a": {**ENTRY, "shape": [True], "data_offsets": [0, 4]}}, bytes(4)),
        files.safetensors({"a": {**ENTRY, "dtype": "PICKLE"}}, bytes(4)),
        files.safetensors({"a": {**ENTRY, "dtype": ["F32"]}}, bytes(4)),
        files.safetensors({n: {**ENTRY, "shape": [1], "data_offsets": [0, 4]} for n in "ab"}, bytes(4)),
        files.safetensors({"a": {**ENTRY, "shape": [1], "data_offsets": [0, 4]}}, bytes(400)),
        files.safetensors({"a": {**ENTRY, "shape": [1], "data_offsets": [8, 12]}}, bytes(12)),
        files.safetensors({"a": 3}, b""), files.safetensors({}, b""), files.safetensors([{}], b""),
        files.safetensors(b"{" + b'"a":{' * 100_000, b""), files.safetensors(b"{\xff}", b""),
        files.safetensors(b'{"a": 1, "a": 2}', b""), files.safetensors(b'{"a": NaN}', b""),
        struct.pack("<Q", 2**63) + b"{}", struct.pack("<Q", 99_000_000) + b"{}", struct.pack("<Q", 0) + b"{",
        files.npy((HUGE,), data=b""), files.npy((2**62, 2**62), data=b""), files.npy((-1,), data=b""),
        files.npy((True,), data=bytes(4)), files.npy(3, data=bytes(12)), files.npy("x", data=b""),
        files.npy((1,), "|O"), files.npy((1,), "O"), files.npy((1,), "<f4,O"), files.npy((1,), "V9999999999", b""),
        files.npy((1,), "<U1000000000", bytes(4)), files.npy((1,) * 100), files.npy((1,), "x" * 9000),
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b"{}",
        b"\x93NUMPY\x01\x00\x04\x00" + b"[1]\n", b"\x93NUMPY\x09\x00\x04\x00" + b"{}\n\n",
        files.zipped({"a.npy": files.npy((HUGE,), data=b"")}), files.zipped({"a.npy": b"nothing"}),
        files.zipped({"a.npy": files.npy((1,), "|O")}), files.zipped({"a.npy": files.npy((3,)) + b"more"}),
        b"{}", b"[]", b"null", b'{"schema": 3}', b'{"schema": "introspect/explanation/1"}', b"[" * 1_000_000,
        b'{"schema": "introspect/explanation/99"}', b'{"schema": "introspect/baseline/99"}', b'{"a": 1' + b"0" * 10**6 + b"}",
        b'{"weight_map": []}', b'{"weight_map": {}}', b'{"weight_map": {"a": "../x"}}', b'{"weight_map": {"a": "/etc/passwd"}}',
        b'{"weight_map": {"a": 3}}', b'{"weight_map": {"a": "file"}}', b'{"weight_map": {"a": "no such file"}}',
        files.zipped({"models/model.json": b"{}"}), files.zipped({"models/model.json": b"[" * 100_000}),
        files.zipped({"models/model.json": b'{"graph_module": 3}'}), files.zipped({"models/model.json": b"\xff"}),
    ],
    ids=in_bytes,
)  # fmt: skip
def test_a_file_that_claims_what_it_does_not_hold(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file").write_bytes(data)
    refused(tmp_path / "file", 2 * MEMORY)


def test_an_exported_program_whose_weights_are_not_there(tmp_path: Path) -> None:
    import io

    whole = zipfile.ZipFile(io.BytesIO(files.exported()))
    members = {name: whole.read(name) for name in whole.namelist()}
    for change, said in (
        ({"m/data/weights/weight_0": b""}, "not as large as it claims"),
        ({"m/data/weights/model_weights_config.json": members["m/data/weights/model_weights_config.json"].replace(b'"as_int": 4', b'"as_int": 5')}, ""),
        ({"m/models/model.json": members["m/models/model.json"].replace(b'"as_int": 4', f'"as_int": {HUGE}'.encode())}, "one shape"),
        ({"m/models/model.json": members["m/models/model.json"].replace(b'"as_int": 4', b'"as_expr": "s0"')}, "no shape"),
    ):  # fmt: skip
        (tmp_path / "file").write_bytes(files.zipped({**members, **change}))
        assert said in refused(tmp_path / "file") or said == ""


@pytest.mark.parametrize("elements", [2**62, 10**9, 13])
def test_an_old_file_whose_storage_claims_more_than_is_there(tmp_path: Path, elements: int) -> None:
    shapes = {"a": (3, 4), "b": (2,)}
    storage = struct.pack("<q", 12)
    whole = files.legacy(shapes)
    assert whole.count(storage) == 1
    (tmp_path / "file").write_bytes(whole.replace(storage, struct.pack("<q", elements)))
    assert "not as large as it claims" in refused(tmp_path / "file")


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "empty").write_bytes(b"")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / "round", tmp_path / "empty", tmp_path / "none"):
        refused(path)
    real = os.open
    (tmp_path / "mine").write_bytes(files.npy((3,)))

    def forbidden(path: object, *args: int) -> int:
        if os.fspath(path) == str(tmp_path / "mine"):  # type: ignore[arg-type]
            raise PermissionError(13, "Permission denied")
        return real(path, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", forbidden)  # a test run as root may read anything
    assert "Permission denied" in refused(tmp_path / "mine")


@pytest.mark.parametrize("kind", sorted(files.valid()))
def test_a_file_that_is_cut_off_anywhere(tmp_path: Path, kind: str) -> None:
    whole = files.valid()[kind]
    for i in range(40):
        (tmp_path / "file").write_bytes(whole[: len(whole) * i // 40])
        with pytest.raises(IntrospectError, match="file"):
            saved.load(tmp_path / "file")
    (tmp_path / "file").write_bytes(whole[:-1])
    refused(tmp_path / "file")


@given(st.data())
def test_a_valid_file_with_a_few_bytes_changed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(files.valid())))
    changed = bytearray(files.valid()[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        how = data.draw(st.sampled_from(["flip", "set", "cut", "insert", "double"]))
        if how == "flip":
            changed[place] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "set":
            changed[place] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF, *b'{}[]()".-0923ecRbtuQ']))
        elif how == "cut":
            del changed[place : place + data.draw(st.integers(1, 40))]
        elif how == "insert":
            changed[place:place] = data.draw(st.binary(min_size=1, max_size=8))
        else:
            changed[place:place] = changed[place : place + data.draw(st.integers(1, 200))]
        if not changed:
            return
    path = tmp_path_factory.getbasetemp() / "changed"
    path.write_bytes(bytes(changed))
    right_or_refused(path)


@given(st.data())
def test_a_saved_explanation_with_another_value_in_it(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    whole = json.loads(files.explanation())
    node = whole
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        inner = node[key]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.integers(0, 3)) == 0:
            break
        node = inner
    odd = [
        None,
        True,
        -1,
        0,
        1,
        2,
        HUGE,
        10**30,
        1.5,
        "",
        "x",
        "N",
        [],
        {},
        [[]],
        [1],
        {"expr": "N"},
        {"expr": "(N+1)**64"},
        {"kind": "dense"},
    ]
    node[key] = data.draw(st.sampled_from(odd))
    path = tmp_path_factory.getbasetemp() / "changed.json"
    path.write_text(json.dumps(whole))
    right_or_refused(path)


def right_or_refused(path: Path) -> None:
    try:
        e = saved.load(path)
    except IntrospectError as error:
        said = str(error)
    else:
        assert isinstance(e, Explanation)
        said = str(e) + e.to_json() + path.name
    assert path.name in said
