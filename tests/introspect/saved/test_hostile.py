"""Hostile files end in an error that names them, in bounded memory and time, and nothing in them is executed."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Optional

import pytest
import saved_files as files
from hypothesis import given
from hypothesis import strategies as st

from introspect import Explanation, saved
from introspect.errors import IntrospectError
from introspect.saved import archives

MEMORY = 96 * 2**20
SECONDS = 10.0
HUGE = 10**10


def refused(path: Path, memory: int = MEMORY) -> str:
    """What is said of the file; it took little, and is an error of ours that names the file."""
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(IntrospectError) as caught:
            saved.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < memory, f"{peak:,} bytes"
    assert time.process_time() - begun < SECONDS
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 2000
    return str(caught.value)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file that appears if anything runs."""
    yield tmp_path / "canary"
    assert not (tmp_path / "canary").exists()


def test_the_canary_can_sing(tmp_path: Path) -> None:
    pickle.loads(calling("os.system", f"touch {tmp_path / 'canary'}"))
    assert (tmp_path / "canary").exists()


def calling(name: str, argument: str) -> bytes:
    return files.pickled(files.named(name) + b"(" + files.text(argument) + b"tR")


def by_stack(name: str, argument: str) -> bytes:
    module, _, last = name.rpartition(".")
    strings = b"".join(b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, last))
    return b"\x80\x04" + strings + b"\x93(" + files.text(argument) + b"tR."


MAKERS = {
    "reduce": lambda name, said: calling(name, said),
    "by_stack": by_stack,
    "in_a_state_dict": lambda name, said: files.torch_zip(files.mapping({"a": calling(name, said)[2:-1]}), {}),
    "in_place_of_a_storage": lambda name, said: files.torch_zip(calling(name, said)[2:-1] + b"Q", {}),
    "in_a_script": lambda name, said: files.zipped({"a/data.pkl": calling(name, said), "a/constants.pkl": b"", "a/code/x.py": b""}),
    "legacy": lambda name, said: files.legacy()[:15] + calling(name, said) * 4,
    "instance": lambda name, said: b"\x80\x02(" + files.text(said) + b"i" + name.replace(".", "\n").encode() + b"\n.",
    "object": lambda name, said: b"\x80\x02(" + files.named(name) + files.text(said) + b"o.",
    "extension": lambda name, said: files.torch_zip(b"\x82\x01", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "torch.hub.load", "collections.namedtuple"])
@pytest.mark.parametrize("maker", MAKERS)
def test_a_pickle_that_calls_something_is_refused_by_name(tmp_path: Path, canary: Path, maker: str, name: str) -> None:
    (tmp_path / "file").write_bytes(MAKERS[maker](name, f"touch {canary}"))
    said = refused(tmp_path / "file")
    assert "trust" in said
    if maker not in ("instance", "object", "extension"):
        assert f"imports and calls {name}" in said


def laughs(of: bytes) -> bytes:
    """A thousand million million million laughs: each level holds the one below ten times."""
    body = of + b"q\x00"
    for level in range(1, 40):
        put = b"q" + bytes([level])
        get = b"h" + bytes([level - 1])
        body += b"](" + get * 10 + b"e" + put
    return body


@pytest.mark.parametrize(
    "body",
    [
        laughs(b"N"),
        laughs(files.tensor("0", (1,))),
        b"]q\x00h\x00a",  # a list that holds itself
        b"(" * 1000 + b"t" * 999 + b"N" + b"t",
        b"N" + b"\x85" * 200_000,
        b"N" + b"]" * 100_000 + b"a" * 100_000,
        b"\x8d" + struct.pack("<Q", HUGE),  # text of ten thousand million bytes
        b"\x8b" + struct.pack("<I", 2**31 - 1),  # a number as long
        b"c" + b"a" * 10_000_000,
        files.mapping({"x": files.tensor("0", (HUGE,))}),
        files.mapping({"x": files.tensor("0", (HUGE,), 1)}),
        files.mapping({"x": files.tensor("0", (2,) * 100)}),
        files.mapping({"x": files.tensor("0", (-1,))}),
        files.mapping({"x": files.tensor("../../etc/passwd", (1,))}),
        files.mapping({"x" * 5000: files.tensor("0", (1,))}),
        b"0" * 10, b"t", b"R", b"b", b"u", b"h\x05", b"Q", b"K", b"", b"(((", b"\x80\x09",
        files.named("torch._utils._rebuild_tensor_v2") + b")R",
        files.named("torch._utils._rebuild_parameter") + b"NR",
    ],
)  # fmt: skip
def test_a_pickle_that_is_no_state_dict(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "file").write_bytes(files.torch_zip(body, {"archive/data/0": bytes(4)}))
    refused(tmp_path / "file", 4 * MEMORY)


@pytest.mark.parametrize("kind", sorted(files.valid()))
def test_a_file_that_is_cut_off_anywhere(tmp_path: Path, kind: str) -> None:
    whole = files.valid()[kind]
    for i in range(40):
        (tmp_path / "file").write_bytes(whole[: len(whole) * i // 40])
        with pytest.raises(IntrospectError, match="file"):
            saved.load(tmp_path / "file")
    (tmp_path / "file").write_bytes(whole[:-1])
    refused(tmp_path / "file")


def test_a_member_that_is_ten_gigabytes_when_it_is_unpacked(tmp_path: Path) -> None:
    for name in ("archive/data.pkl", "models/model.json", "x.npy"):
        (tmp_path / "file").write_bytes(bomb(name))
        refused(tmp_path / "file", 6 * MEMORY)


@cache
def zeros() -> bytes:
    """Ten thousand million zeros, packed: blocks of them, each by itself, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * 1000 + packer.flush()


def bomb(name: str) -> bytes:
    """A zip whose one member is ten gigabytes."""
    return raw_zip([(name, zeros(), HUGE, 8)])


def raw_zip(members: list[tuple[str, bytes, int, int]], start: int | None = None) -> bytes:
    """A zip of (name, packed data, claimed size, method), whatever is claimed; all members at `start`, if that is given."""
    body, listed = bytearray(), bytearray()
    for name, data, size, method in members:
        offset = len(body) if start is None else start
        more = struct.pack("<HHQQ", 1, 16, size, len(data)) if size >= 2**32 - 1 else b""
        sizes = (2**32 - 1, 2**32 - 1) if more else (len(data), size)
        fields = struct.pack("<HHHHIII", 0, method, 0, 0, zlib.crc32(data), *sizes)
        body += b"PK\x03\x04\x14\x00" + fields + struct.pack("<HH", len(name), len(more)) + name.encode() + more + data
        listed += b"PK\x01\x02\x14\x00\x14\x00" + fields + struct.pack("<HHHHHII", len(name), len(more), 0, 0, 0, 0, offset)
        listed += name.encode() + more
    end = struct.pack("<HHHHIIH", 0, 0, len(members) % 65536, len(members) % 65536, len(listed), len(body), 0)
    return bytes(body + listed + b"PK\x05\x06" + end)


PKL = files.pickled(files.mapping({"a": files.tensor("0", (1,))}))


def in_bytes(value: object) -> Optional[str]:
    """What a case is called: archives hold the time, and workers have to agree on names."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (raw_zip([("a/data.pkl", PKL, len(PKL), 0), ("a/data.pkl", PKL, len(PKL), 0)]), "named twice"),
        (raw_zip([("../data.pkl", PKL, len(PKL), 0)]), "leads out"),
        (raw_zip([("/etc/data.pkl", PKL, len(PKL), 0)]), "leads out"),
        (raw_zip([("a/data.pkl", PKL, len(PKL), 0), ("a/b", PKL, len(PKL), 0)], start=0), ""),
        (raw_zip([("a/data.pkl", PKL, 2**62, 0)]), ""),
        (raw_zip([("a/data.pkl", PKL, HUGE, 8)]), "larger than it can be"),
        (raw_zip([("a/data.pkl", PKL, len(PKL), 12)]), "compressed in a way"),
        (raw_zip([("a/data.pkl", PKL, len(PKL), 14)]), "compressed in a way"),
        (raw_zip([("a/data.pkl", PKL, len(PKL), 0)], start=10**8), ""),
        (raw_zip([("a/data.pkl", files.zipped({"b": bytes(1000)}), 1117, 0)]), ""),
        (raw_zip([(f"{i:>0100}", b"", 0, 0) for i in range(150_000)]), "too long a list"),
        (raw_zip([("a/data.pkl", b"\xff" * 100, 1000, 8)]), "damaged"),
        (raw_zip([("a/data.pkl", PKL, len(PKL), 0)])[:-22] + b"PK\x05\x06" + b"\xff" * 16 + b"\0\0", ""),
    ],
    ids=in_bytes,
)  # fmt: skip
def test_a_zip_file_that_lies(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "file").write_bytes(data)
    assert said in refused(tmp_path / "file", 2 * MEMORY)


def test_a_member_under_a_password(tmp_path: Path) -> None:
    data = bytearray(files.npz())
    for place in range(len(data)):
        if data[place : place + 4] == b"PK\x01\x02":
            data[place + 8] |= 1
    (tmp_path / "file").write_bytes(bytes(data))
    assert "encrypted" in refused(tmp_path / "file")


def test_the_raw_archive_can_be_read_where_it_does_not_lie(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(raw_zip([("a/data.pkl", PKL, len(PKL), 0), ("a/data/0", bytes(4), 4, 0)]))
    assert saved.load(tmp_path / "file").params == 1
    with archives.opened(tmp_path / "file") as archive:
        assert archive.place("a/data/0")[1] == 4
    assert zipfile.ZipFile(tmp_path / "file").read("a/data/0") == bytes(4)


ENTRY = {"dtype": "F32", "shape": [HUGE], "data_offsets": [0, 4 * HUGE]}


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


_CHILD = """
import resource, sys
sys.path[:0] = {paths}
from click.testing import CliRunner
from introspect.cli import main
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
for path in sys.argv[1:]:
    for command in (["explain"], ["compare", sys.argv[1]], ["diagnose", "--claim", "3"]):
        done = CliRunner().invoke(main, [*command, path])
        assert done.exit_code == 2 and (path if len(command) != 2 else command[1]) in done.output, (command, path, done.output)
print("all refused")
"""


def test_the_command_line_ends_with_2_within_a_gigabyte(tmp_path: Path, canary: Path) -> None:
    hostile = {
        "system": calling("os.system", f"touch {canary}"), "laughs": files.torch_zip(laughs(b"N"), {}), "empty": b"",
        "bomb": bomb("archive/data.pkl"), "claim": files.npy((HUGE,), data=b""), "deep": b"[" * 1_000_000,
        "schema": b'{"schema": "introspect/explanation/99"}', "cut": files.state_dict()[:-30],
        "header": struct.pack("<Q", 2**40) + b"{}", "safetensors": files.safetensors({"a": ENTRY}, b""),
    }  # fmt: skip
    for name, data in hostile.items():
        (tmp_path / name).write_bytes(data)
    os.mkfifo(tmp_path / "pipe")
    paths = [str(tmp_path / name) for name in (*hostile, "pipe")]
    code = _CHILD.format(paths=[path for path in sys.path if path])
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "all refused", done.stderr[-2000:]


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
