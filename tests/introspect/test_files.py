"""Files of others: only regular ones, whole ones, and JSON that means one thing; each refusal names file, line and column."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from introspect.errors import IntrospectError, UnreadableError
from introspect.files import DEEPEST, open_regular, parse_json, read_json, read_text, write_atomically


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a.json", '{"a": ["×", 1, 2.5, true, null]}\n')
    assert read_json(tmp_path / "a.json") == {"a": ["×", 1, 2.5, True, None]}


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "1:1", "Expecting value"),
        ('{\n "a": 1,\n "b": }', "3:7", "Expecting value"),
        ('{"a": 1,\n "b": {"a": 2, "b": 3},\n "a": 3}', "3:2", "'a' a second time"),
        ('["NaN",\n  NaN]', "2:3", "NaN"),
        ("[1, -Infinity]", "1:5", "-Infinity"),
        ("[1,\n 1e999]", "2:2", "1e999"),
        ('["\\\\ud800", "\\ud83d\\ude00",\n "\\ud800"]', "2:3", "half a surrogate pair"),
        ("[1,\n 1" + "0" * 10**6 + "]", "2:2", "more than 1,000 digits"),
        ('["' + "1" * 2000 + '",\n ' + "1" * 2000 + "]", "2:2", "more than 1,000 digits"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), f"1:{DEEPEST + 1}", "within another"),
        ('{"a":' * 10**6, f"1:{5 * DEEPEST + 1}", "within another"),
        ('"\\', "1:1", "Unterminated string"),
        ('["[[[\\"[[[", "[', "1:14", "Unterminated string"),
        ("[1] [2]", "1:5", "Extra data"),
        ("'a'", "1:1", "Expecting value"),
    ],
)
def test_json_that_is_none_is_refused_with_its_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableError, match=said) as caught:
        read_json(tmp_path / "a.json")
    assert caught.value.path == f"{tmp_path / 'a.json'}:{place}"


def test_what_only_looks_like_it_is_taken() -> None:
    deep = "[" * DEEPEST + "]" * DEEPEST
    for text in (deep, f'["{deep * 3}"]', '["\\\\ud800"]', '["\\ud83d\\ude00"]', '["NaN", 1e300]', f'["{"9" * 5000}"]'):
        parse_json(text)
    assert parse_json("[" + ", ".join(["[]"] * 1000) + "]") == [[]] * 1000


def test_text_without_a_file_names_its_line() -> None:
    with pytest.raises(UnreadableError, match="line 2, column 1: this is not JSON"):
        parse_json("[1,\n}")


def test_a_mark_of_byte_order_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(tmp_path / "a.json") == [1]


@pytest.mark.parametrize("data", [b"[1,\n\xff]", "[1]".encode("utf-16"), b"[1,\n\xed\xa0\x80]"])
def test_what_is_not_utf_8_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.json").write_bytes(data)
    with pytest.raises(UnreadableError, match=r"a\.json:\d: this is not UTF-8 text"):
        read_json(tmp_path / "a.json")


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    with open(tmp_path / "a.json", "wb") as file:
        file.truncate(10**12)
    with pytest.raises(UnreadableError, match="too large"):
        read_text(tmp_path / "a.json", limit=1000)


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path / "pipe", "a pipe"), (tmp_path, "a folder"), ("/dev/zero", "a device")):
        with pytest.raises(UnreadableError, match=said):
            read_text(path)
    for missing in (tmp_path / "none", tmp_path / "n\0ne", tmp_path / "pipe" / "x"):
        with pytest.raises(UnreadableError, match="cannot be read"):
            open_regular(missing)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.json").write_text("[]")
    monkeypatch.setattr(os, "open", refused)  # a test run as root may read anything
    with pytest.raises(UnreadableError, match=r"a\.json: this file cannot be read\n.*Permission denied"):
        read_text(tmp_path / "a.json")


def test_an_existing_file_keeps_its_mode_and_a_link_its_target(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "1")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~umask
    (tmp_path / "a").chmod(0o640)
    (tmp_path / "link").symlink_to("a")
    write_atomically(tmp_path / "link", "2")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "2"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, failing, full)
    with pytest.raises(IntrospectError, match=r"cannot be written\n.*No space left"):
        write_atomically(tmp_path / "a", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_text_that_is_none_and_folders_that_are_none(tmp_path: Path) -> None:
    for path, text in ((tmp_path / "a", "\ud800"), (tmp_path / "no" / "a", "x"), (tmp_path, "x")):
        with pytest.raises(IntrospectError, match="cannot be written"):
            write_atomically(path, text)
    assert list(tmp_path.iterdir()) == []


def test_of_many_who_write_at_once_one_wins_whole(tmp_path: Path) -> None:
    texts = [str(i) * 100_000 for i in range(8)]
    writers = [threading.Thread(target=write_atomically, args=(tmp_path / "a", text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "a").read_text() in texts
    assert len(list(tmp_path.iterdir())) == 1
