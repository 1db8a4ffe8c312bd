"""Hostile pickles and archives end in an error that names them, in bounded memory and time, and nothing in them is executed."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import saved_files as files
from hostile_files import ENTRY, HUGE, MEMORY, in_bytes, refused

from introspect import saved
from introspect.saved import archives


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
