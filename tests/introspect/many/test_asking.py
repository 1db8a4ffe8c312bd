"""What each of many models is asked: inputs by name, and patterns that fit no name."""

from __future__ import annotations

from pathlib import Path

import pytest

from introspect import IntrospectError
from introspect.many import explain_many
from introspect.many.asking import as_json, parse_asked


def test_inputs_by_name(tmp_path: Path) -> None:
    (tmp_path / "inputs.txt").write_text("# a comment\nraft_* = 1,3,8,8; 1,3,8,8  # two\n*d = 1,3,2,2,2\n* = 1,3,4,4\n")
    asked = parse_asked([f"@{tmp_path / 'inputs.txt'}"])
    assert asked.of("raft_s") == ((1, 3, 8, 8), (1, 3, 8, 8))
    assert asked.of("r3d") == (1, 3, 2, 2, 2)
    assert asked.of("other") == (1, 3, 4, 4)
    assert parse_asked(["1,5", "1,6"]).of("x") == ((1, 5), (1, 6))
    assert parse_asked(["b*=ids=1,8;mask=1,8"]).of("bert") == {"ids": (1, 8), "mask": (1, 8)}
    assert parse_asked([]).of("x", (1, 7)) == (1, 7)
    assert as_json({"ids": (None, "H", 3)}) == {"ids": [None, "H", 3]}


def test_a_pattern_that_no_name_matches_is_told() -> None:
    with pytest.raises(IntrospectError, match="no model has such a name") as caught:
        parse_asked(["ids=1,8"]).check(["a", "b"])
    assert "*=name=1,128" in str(caught.value)
    with pytest.raises(IntrospectError, match="no model has such a name"):
        next(explain_many("zoo:GOOD", only=["x*"]))
