"""A file that is not what was written is refused with its line: edited, cut off, merged, reordered, newer, or made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

import papers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import explanations
from samples import verified

from introspect import Explanation, explain
from introspect.baselines import dumps, form, load, loads
from introspect.errors import UnreadableError
from introspect.layers import Recurrent

FEWER = settings(max_examples=max(settings().max_examples // 4, 10))
TEXT = dumps(verified())
LINES = TEXT.split("\n")


def number_of(part: str) -> int:
    return next(i for i, line in enumerate(LINES, 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"size": 108', '"size": 109'),
        ('"shape": [4, 3, 3, 3]', '"shape": [4, 3, 3, 2]'),
        ('"trainable": false', '"trainable": true'),
        ('"filters": 4', '"filters": 5'),
        ('"filters": 4', '"filters":4'),
        ('"model": "small"', '"model": "large"'),
        ('"version": "1"', '"version": "2"'),
        ('"end of layers', '"end of layer'),
        ('"gives": [[1, 64]]', '"gives": [[1, 65]]'),
    ],
)
def test_an_edited_line_is_named(old: str, new: str) -> None:
    with pytest.raises(UnreadableError, match="as it was written") as caught:
        loads(TEXT.replace(old, new), "b.json")
    assert caught.value.path == f"b.json:{number_of(old)}"
    assert "bless it again" in caught.value.hint
    assert new in str(caught.value.got)


def test_a_line_edited_with_its_check_is_set_against_the_law() -> None:
    """Whoever works out the check anew still does not get past the law."""
    sections, _ = form.parsed(TEXT)
    sections["tensors"][1].update(shape=[4, 3, 3, 2], size=72)
    with pytest.raises(UnreadableError, match=r"\[4, 3, 3, 3\], \"size\": 108") as caught:
        loads(form.rendered(sections), "b.json")
    assert caught.value.path == f"b.json:{number_of('conv.weight')}"


def test_a_law_of_far_more_tensors_than_there_are_is_not_gone_through() -> None:
    sections, _ = form.parsed(dumps(explain(papers.chain((1, 7, 3), [("rnn", Recurrent("lstm", 4))]))))
    sections["layers"][1]["law"].update(layers=9999)
    with pytest.raises(UnreadableError, match=r"line 12: the law has far more tensors(.|\n)*got:      3"):
        loads(form.rendered(sections))


@pytest.mark.parametrize(
    ("section", "index", "change", "said"),
    [
        ("header", 0, {"complete": 1}, "a Model is damaged"),
        ("header", 1, {"version": 2}, "a Model is damaged"),
        ("header", 2, {"neurons": "all"}, "line 6: this baseline counts neurons otherwise"),
        ("header", 4, {"outputs": ["nowhere"]}, "nothing of that name was made before"),
        ("layers", 1, {"class": 3}, "line 12: a Layer is damaged"),
        ("layers", 1, {"law": {"kind": "nothing"}}, "line 12: there is no such law"),
        ("layers", 1, {"from": ["fc"]}, "line 12: nothing of that name was made before"),
        ("layers", 1, {"gives": [["x y"]]}, "line 12: not an expression"),
        ("layers", 1, {"gives": [[True]]}, "line 12: this is not a dimension"),
        ("layers", 1, {"gives": [[1, 4, 4, 4]], "reported": [0]}, "line 12: this is neither true nor false"),
        ("tensors", 0, {"trainable": None}, "line 17: this is neither true nor false"),
        ("tensors", 0, {"axes": 3}, "line 17: a Holding is damaged"),
        ("tensors", 0, {"tags": [1]}, "line 17: a Holding is damaged"),
        ("tensors", 0, {"nbytes": "many"}, "line 17: a ReportedTensor is damaged"),
        ("tensors", 0, {"tensor": "cone.bias"}, "line 17: a tensor has no layer"),
        ("tensors", 0, {"name": "other"}, "line 17: a tensor's line is damaged"),
    ],
)
def test_items_that_make_no_sense_are_refused_with_their_line(section: str, index: int, change: Any, said: str) -> None:
    sections, _ = form.parsed(TEXT)
    sections[section][index].update(change)
    with pytest.raises(UnreadableError, match=said):
        loads(form.rendered(sections))


def test_a_merge_that_was_not_finished() -> None:
    at = number_of("conv.bias")
    merged = "\n".join(
        [*LINES[: at - 1], "<<<<<<< HEAD", LINES[at - 1], "=======", LINES[at - 1], ">>>>>>> other", *LINES[at:]]
    )
    with pytest.raises(UnreadableError, match="a mark of a merge") as caught:
        loads(merged, "b.json")
    assert caught.value.path == f"b.json:{at}"


@pytest.mark.parametrize("part", ["conv.bias", '"layer": "flat"', '"outputs"'])
def test_a_line_twice(part: str) -> None:
    at = number_of(part)
    with pytest.raises(UnreadableError, match=rf"^b\.json:{at + 1}"):
        loads("\n".join([*LINES[:at], LINES[at - 1], *LINES[at:]]), "b.json")


@pytest.mark.parametrize("part", ["conv.bias", '"layer": "conv"', '"layer": "input"', '"inputs"'])
def test_two_lines_in_another_order(part: str) -> None:
    at = number_of(part)
    with pytest.raises(UnreadableError, match=r"^b\.json:\d+"):
        loads("\n".join([*LINES[: at - 1], LINES[at], LINES[at - 1], *LINES[at + 1 :]]), "b.json")


def test_two_branches_in_another_order_are_seen() -> None:
    """Nothing in the lines themselves says which of two layers that take the same comes first."""
    from introspect.building import Builder
    from introspect.layers import Dense

    builder = Builder("", "", "branches")
    x = builder.input((1, 4))
    made = [value for name in "ab" for value in builder.call(builder.layer(name, Dense(2)), [x])]
    lines = dumps(explain(builder.finish(made))).split("\n")
    at = next(i for i, line in enumerate(lines) if '"layer": "a"' in line)
    with pytest.raises(UnreadableError, match="end of layers"):
        loads("\n".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]))


@pytest.mark.parametrize("kept", [0, 1, 60, len(TEXT) // 2, len(TEXT) - 3])
def test_a_file_cut_off(kept: int) -> None:
    with pytest.raises(UnreadableError, match=r"^b\.json"):
        loads(TEXT[:kept], "b.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT.replace("baseline/1", "baseline/2"), "written by a newer introspect"),
        (TEXT.replace("baseline/1", "baseline/0"), "not a baseline"),
        (TEXT.replace("baseline/1", "baseline/x"), "not a baseline"),
        (TEXT.replace("baseline/1", "baseline/" + "9" * 5000), "not a baseline"),
        ("{}", "not a baseline"), ("[]", "not a baseline"), ("3", "not a baseline"),
        ('{"schema": "introspect/baseline/1"}', "a list of header"),
        ('{"schema": "introspect/baseline/1", "header": [1, 2], "layers": [], "tensors": []}', "a list of header"),
        ("[" * 100_000, "not JSON"), ('{"a": ' * 100_000, "not JSON"), ("\x00", "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_baseline(text: str, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        loads(text)


def test_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(TEXT.replace("108", "109"), encoding="utf-8")
    with pytest.raises(UnreadableError, match=rf"b\.json:{number_of('108')}: this line"):
        load(tmp_path / "b.json")


def read(text: str) -> Optional[Explanation]:
    """What a file says; None where it is refused as it should be."""
    refusals = []
    try:
        return loads(text, "b.json")
    except UnreadableError as error:
        refusals.append(str(error))
    assert refusals[0].startswith("b.json")
    return None


@given(st.data())
def test_a_damaged_file_is_refused_or_says_the_same(data: Any) -> None:
    """Bytes changed, put in or taken out anywhere; only a whole tensor's line that is missing cannot be missed."""
    at = data.draw(st.integers(0, len(TEXT)))
    kept = data.draw(st.integers(0, 3))
    put = data.draw(st.text(max_size=3))
    _refused_or_same(TEXT[:at] + put + TEXT[at + kept :])


@given(st.data())
def test_lines_shuffled_and_doubled(data: Any) -> None:
    i, j = (data.draw(st.integers(0, len(LINES) - 1)) for _ in range(2))
    lines = list(LINES)
    if data.draw(st.booleans()):
        lines[i], lines[j] = lines[j], lines[i]
    else:
        lines.insert(i, lines[j])
    _refused_or_same("\n".join(lines))


def _refused_or_same(text: str) -> None:
    again = read(text)
    assert again is None or (again.model == loads(TEXT).model and dumps(again) == TEXT)


ODD = st.sampled_from([None, True, -1, 0, 3, 2.5, "x", "", "N*", [], [1], [None], {}, {"value": 3}, {"kind": "conv"}, "conv"])


@FEWER
@given(explanations(), st.data())
def test_made_up_files_with_right_checks_are_refused(e: Explanation, data: Any) -> None:
    """Any part of any item replaced by something odd: refused with a place, or a baseline that writes the same text."""
    sections, _ = form.parsed(dumps(e))
    item = data.draw(st.sampled_from([item for name in form.SECTIONS for item in sections[name]]))
    holder, key = data.draw(st.sampled_from(list(_parts(item))))
    if data.draw(st.booleans()):
        holder[key] = data.draw(ODD)
    else:
        del holder[key]
    text = form.rendered(sections)
    again = read(text)
    assert again is None or dumps(again) == text


def _parts(item: Any) -> Any:
    """Every place in an item where something stands, in lists and objects within it too."""
    pairs = list(item.items()) if isinstance(item, dict) else list(enumerate(item))
    for key, value in pairs:
        yield item, key
        if isinstance(value, (dict, list)):
            yield from _parts(value)


def test_an_older_schema_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in which what a layer is fed with was called otherwise, and the table's entry that makes it a newer one."""

    def upgraded(sections: form.Sections) -> form.Sections:
        fed = [{("from" if key == "fed" else key): value for key, value in item.items()} for item in sections["layers"]]
        return {**sections, "layers": fed}

    sections, _ = form.parsed(TEXT)
    sections["layers"] = [{("fed" if k == "from" else k): v for k, v in item.items()} for item in sections["layers"]]
    old = form.rendered(sections, 0)
    with pytest.raises(UnreadableError, match="not a baseline"):
        loads(old)
    monkeypatch.setitem(form.UPGRADES, 0, upgraded)
    assert dumps(loads(old)) == TEXT
    with pytest.raises(UnreadableError, match="as it was written"):
        loads(old.replace('"size": 108', '"size": 109'))


def test_a_law_that_was_written_otherwise_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another table of conventions, a field was written that is left out now; tensors are still set against the law."""
    sections, _ = form.parsed(TEXT)
    sections["layers"][3]["law"]["bias"] = False
    with pytest.raises(UnreadableError, match=r'expected: .*"units": 2\}'):
        loads(form.rendered(sections))
    monkeypatch.setitem(form.UPGRADES, 0, lambda sections: sections)
    assert dumps(loads(form.rendered(sections, 0))) == TEXT
    sections["tensors"][1].update(shape=[4, 3, 3, 2], size=72)
    with pytest.raises(UnreadableError, match=r"line 18: this line is not as it was written"):
        loads(form.rendered(sections, 0))


def test_the_file_is_json() -> None:
    data = json.loads(TEXT)
    assert data["schema"] == "introspect/baseline/1"
    assert sum(item["size"] for item in data["tensors"][:-1]) == 240
