"""Pasted summaries: real outputs of each tool, read and held against what the tool itself had in its hands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from introspect import IntrospectError
from introspect.pasted import Pasted, PastedRow, read

RECORDED = Path(__file__).parent.parent.parent / "fixtures" / "summaries" / "recorded"
TEXTS = sorted(str(path.relative_to(RECORDED).with_suffix("")) for path in RECORDED.glob("*/*.txt"))
CUT_OFF = ("keras1/branches", "keras2_5/", ".narrow")  # where the tool itself leaves out what does not fit


def text(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


def held(name: str) -> dict[str, Any]:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def shapes_of(found: Any) -> list[tuple[Any, ...]]:
    """Shapes within lists of lists, in order."""
    if not isinstance(found, list) or not found:
        return []
    if all(axis is None or isinstance(axis, int) for axis in found):
        return [tuple(None if axis == -1 else axis for axis in found)]
    return [shape for part in found for shape in shapes_of(part)]


def rounded(number: int) -> Any:
    """As Lightning prints it: three digits or one decimal, never rounded up where three digits stand before the point."""
    for unit, power in (("B", 10**9), ("M", 10**6), ("K", 10**3)):
        if number >= power:
            return f"{number // power} {unit}" if number >= 100 * power else f"{number / power:.1f} {unit}"
    return number


def assert_row(row: PastedRow, want: dict[str, Any], tool: str, may_be_cut: bool) -> None:
    """Every field of the row is what the tool held, or nothing where the tool printed only a part of it."""
    assert row.params == (rounded(want["params"]) if tool == "lightning" else want["params"])
    whole_name = want.get("name") or ""
    if row.path and tool == "lightning":
        assert row.path == whole_name
    elif row.name:
        assert row.name == whole_name or (len(row.name) > 10 and whole_name.startswith(row.name))
    if tool not in ("nolearn", "torchsummary", "torchinfo"):
        assert row.name
    assert row.kind_name == want.get("kind", "") or (not row.kind_name and (may_be_cut or len(whole_name) > 25))
    if "depth" in want:
        assert row.depth == want["depth"]
    if want.get("shape"):
        assert list(row.output_shapes) == shapes_of(want["shape"]) or (not row.output_shapes and may_be_cut)


def assert_read(name: str, pasted: Pasted, want: dict[str, Any]) -> None:
    tool = name.partition("/")[0].replace("keras2_5", "keras2")
    assert pasted.tool == tool
    assert pasted.whole
    assert len(pasted.rows) == len(want["rows"])
    shows_shapes = not name.endswith((".names", ".unrun", ".top", ".flat"))
    for row, truth in zip(pasted.rows, want["rows"]):
        truth = truth if shows_shapes else {**truth, "shape": None}
        assert_row(row, truth, tool, any(mark in name for mark in CUT_OFF))
    for quantity, number in want["totals"].items():
        if tool == "nolearn" or quantity in pasted.totals or tool != "keras1":
            assert pasted.totals[quantity] == (rounded(number) if tool == "lightning" else number)


@pytest.mark.parametrize("name", TEXTS)
def test_a_recorded_summary_is_read_as_the_tool_meant_it(name: str) -> None:
    assert_read(name, read(text(name)), held(name))


@pytest.mark.parametrize("tool", "keras1 keras2 keras2_5 keras3 torchinfo torchsummary lightning nolearn".split())
def test_five_models_of_each_tool_are_recorded(tool: str) -> None:
    assert len({held(name)["model"] for name in TEXTS if name.startswith(f"{tool}/")}) >= 5


@pytest.mark.parametrize(
    ("field", "wrong"), [("params", 833), ("name", "conv9"), ("kind", "Dense"), ("shape", [None, 1]), ("depth", 2)]
)
def test_the_comparison_can_fail(field: str, wrong: Any) -> None:
    want = held("keras3/digits")
    want["rows"][0][field] = wrong
    with pytest.raises(AssertionError):
        assert_read("keras3/digits", read(text("keras3/digits")), want)


def test_what_keras_3_says_beside_its_rows() -> None:
    fitted = read(text("keras3/frozen.fitted"))
    assert fitted.totals == {
        "total": 36664, "total_size": "143.22 KB", "trainable": 12130, "trainable_size": "47.38 KB", "non_trainable": 272,
        "non_trainable_size": "1.06 KB", "optimizer": 24262, "optimizer_size": "94.78 KB",
    }  # fmt: skip
    assert [row.trainable for row in read(text("keras3/frozen.trainable")).rows] == [False, False, None, True, True, None, True]
    unbuilt = read(text("keras3/unbuilt"))
    assert [(row.output_shape, row.params) for row in unbuilt.rows] == [(None, None), (None, 0), (None, None)]


@pytest.mark.parametrize(
    "name", ["keras3/nested.expanded", "keras3/nested.ascii", "keras3/nested.colour", "keras2/nested.expanded"]
)
def test_models_within_models_keep_their_place(name: str) -> None:
    assert [row.path for row in read(text(name)).rows] == [
        "outside", "middle", "middle.inside", "middle.small", "middle.small.inner1", "middle.small.inner2", "middle.after",
        "norm", "last",
    ]  # fmt: skip


def test_torchinfo_tells_paths_frozen_and_repeated_layers() -> None:
    rows = {row.path: row for row in read(text("torchinfo/nested.names")).rows}
    assert rows["trunk.stage2.0.down.0"].params == 512
    branches = read(text("torchinfo/branches.all")).rows
    assert [row.trainable for row in branches[:4]] == [None, False, True, True]
    assert [(row.path, row.params) for row in branches if row.repeated] == [("left", None)]
    assert read(text("torchinfo/autoencoder.shallow")).rows[1].trainable is False  # its number stands in brackets


def test_rounded_numbers_stay_as_they_were_printed() -> None:
    tagger = read(text("lightning/tagger.deep"))
    assert [row.params for row in tagger.rows] == ["399 K", "240 K", "157 K", "2.2 K"]
    assert (tagger.totals["total"], tagger.totals["non_trainable"], tagger.totals["params_size"]) == ("399 K", 0, "1.600 MB")
    assert tagger.rows[2].output_shapes == ((1, 20, 128), (4, 1, 64), (4, 1, 64))
    assert read(text("torchinfo/digits")).totals["mult_adds"] == "3.86 M"


def test_sizes_of_nolearn_have_their_batch_back() -> None:
    assert [row.output_shape for row in read(text("nolearn/recurrent")).rows][:2] == [(None, None, 16), (None, None, 32)]
    assert read(text("nolearn/digits")).totals == {"trainable": 217706}


def test_totals_alone_are_read_too() -> None:
    assert read("Total params: 154,798\nTrainable params: 154,798\n").totals == {"total": 154798, "trainable": 154798}


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("torchinfo/digits", "102,500", "1O2,500", "a row with a cell in each column"),
        ("torchsummary/digits", "[-1, 64, 8, 8]          51,264", "[-1, 64, 8, 8]          51,2?4", "Conv2d-1"),
        ("keras3/digits", "│ (None, 8, 8, 64)            │", "  (None, 8, 8, 64)            │", "a row of 3 cells"),
        ("keras2/digits", "51264", "5I264", "columns below the header's"),
        ("keras2_5/digits", "51264", "5I264", "columns below the header's"),
        ("lightning/digits.deep", "| 51.3 K |", "| 51.3 k |", "a count of parameters"),
        ("nolearn/digits", "32x10x10", "32*10*10", "a name and a size"),
    ],
)
def test_an_unreadable_row_is_refused_with_its_line(name: str, before: str, after: str, expected: str) -> None:
    mangled = text(name).replace(before, after, 1)
    number = next(i for i, found in enumerate(mangled.splitlines(), 1) if after in found)
    with pytest.raises(IntrospectError, match=f"at line {number}\n  expected: .*{expected}") as error:
        read(mangled)
    assert mangled.splitlines()[number - 1].strip() in str(error.value)


@pytest.mark.parametrize("nothing", ["", "\n\n", "Hello,\nmy model does not train.", "[1, 2, 3]", "Layer (type)", "\x1b[0m"])
def test_a_text_without_a_summary_is_refused(nothing: str) -> None:
    with pytest.raises(IntrospectError, match=r"at line \d+\n  expected: "):
        read(nothing)
