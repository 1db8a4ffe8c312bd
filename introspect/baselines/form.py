"""The text of a baseline: one item a line, each with a check over its own text, so that a line changed by hand is seen.

A line ends in a comma even where it is the last one, and the list in a word instead, so that adding a line changes no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NoReturn, Optional

from ..errors import IntrospectError, UnreadableError
from ..files import parse_json

FAMILY, NEWEST = "introspect/baseline/", 1
SECTIONS = ("header", "layers", "tensors")
Item = dict[str, Any]
Sections = dict[str, list[Item]]
UPGRADES: dict[int, Callable[[Sections], Sections]] = {}
"""From the schema of that number to the next one: what `loads` applies, one after another, to a file of an older schema.

A table of conventions that has other choices writes other fields of a law: it needs a new schema, the old one's upgrade may
be nothing at all.
"""

BLESS = "bless it again, or take the file as it was committed"
_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_SHOWN = 160
_NUMBER = re.compile("[0-9]{1,9}")
_CHECK = re.compile(r', "check": "[^"]*"\},$')


def rendered(sections: Sections, version: int = NEWEST) -> str:
    """The text of a file."""
    lines = ["{", f'"schema": "{FAMILY}{version}",']
    for name in SECTIONS:
        items = sections[name]
        comma = "," if name != SECTIONS[-1] else ""
        lines += [f'"{name}": [', *(f"{_sealed(item)}," for item in items), f'"{_closing(name, items)}"]{comma}']
    return "\n".join([*lines, "}", ""])


def _sealed(item: Item) -> str:
    text = json.dumps(item, ensure_ascii=False)
    return f'{text[:-1]}, "check": "{_digest(text)}"}}'


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()


def _closing(name: str, items: list[Item]) -> str:
    """What ends a section. Layers have an order, which no line says on its own."""
    if name != "layers":
        return f"end of {name}"
    return f"end of layers {_digest(json.dumps([item.get('layer', item.get('again')) for item in items]))}"


def parsed(text: str, where: str = "") -> tuple[Sections, bool]:
    """A file's items in the newest schema, and whether it was an older one.

    Raises `UnreadableError` naming the line where it is not what `rendered` writes.
    """
    text = text.replace("\r\n", "\n")  # as a checkout on Windows has it
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(_MARKERS):
            refuse(where, number, "this line is a mark of a merge that was not finished", got=line[:_SHOWN])
    try:
        data = parse_json(text, where)
    except UnreadableError as error:
        error.hint = error.hint or BLESS
        raise
    version = _version(data, where)
    sections = _sections(data, where)
    expected = rendered(sections, version)
    if expected.count("\n") == text.count("\n"):  # else the lines of the items are not known
        _require_once(sections, where)
    same_text(expected, text, where)
    for older in range(version, NEWEST):
        sections = UPGRADES[older](sections)
    return sections, version < NEWEST


def _version(data: Any, where: str) -> int:
    schema = data.get("schema") if isinstance(data, dict) else None
    number = schema[len(FAMILY) :] if isinstance(schema, str) and schema.startswith(FAMILY) else ""
    known = [*sorted(UPGRADES), NEWEST]
    given = int(number) if _NUMBER.fullmatch(number) else -1
    if given in known:
        return given
    newer = given > NEWEST
    culprit = "this baseline was written by a newer introspect" if newer else "this is not a baseline"
    raise UnreadableError(
        culprit, got=repr(schema)[:_SHOWN], expected=" or ".join(f"{FAMILY}{n}" for n in known),
        hint="upgrade introspect, or bless it again" if newer else "", path=where or None,
    )  # fmt: skip


def _sections(data: Item, where: str) -> Sections:
    found: Sections = {}
    for name in SECTIONS:
        items = data.get(name)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items[:-1]):
            got = type(items).__name__ if not isinstance(items, list) else "something else between"
            raise UnreadableError(
                f"a baseline has a list of {name}", got=got, expected="one object a line", hint=BLESS, path=where or None
            )
        found[name] = [{key: value for key, value in item.items() if key != "check"} for item in items[:-1]]
    return found


def _require_once(sections: Sections, where: str) -> None:
    """Raise `UnreadableError` where a layer or tensor has two lines."""
    for name, key in (("layers", "layer"), ("tensors", "tensor")):
        seen: set[str] = set()
        for i, item in enumerate(sections[name]):
            called = json.dumps(item.get(key))
            if key in item and called in seen:
                refuse(where, line_of(sections, name, i), f"this {key} has a line already", got=called[:_SHOWN])
            seen.add(called)


def same_text(expected: str, got: str, where: str) -> None:
    """Raise `UnreadableError` naming the first line in which a file is not what it should be."""
    if expected == got:
        return
    ours, theirs = expected.split("\n"), got.split("\n")
    number = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    a, b = (lines[number] if number < len(lines) else None for lines in (ours, theirs))
    if a is not None and b is not None and _CHECK.sub("", a) == _CHECK.sub("", b):
        said = "the text that its check was worked out from"
        refuse(where, number + 1, "this line is not as it was written", got=_shown(b, None), expected=said)
    refuse(where, number + 1, "this line is not as it was written", got=_shown(b, a), expected=_shown(a, b))


def _shown(line: Optional[str], other: Optional[str]) -> str:
    """A line, from shortly before the place where it differs from the other one."""
    if line is None:
        return "the end of the file"
    start = next((i for i, (x, y) in enumerate(zip(line, other or "")) if x != y), 0)
    first = max(0, min(start, len(line)) - _SHOWN // 4)
    part = line[first : first + _SHOWN]
    return f"{'...' if first else ''}{part}{'...' if first + _SHOWN < len(line) else ''}" or "an empty line"


def refuse(where: str, line: int, culprit: str, *, got: object = None, expected: object = None) -> NoReturn:
    """Raise `UnreadableError` at a line."""
    raise UnreadableError(culprit, got=got, expected=expected, hint=BLESS, path=place(where, line)) from None


def place(where: str, line: int) -> str:
    """Where a line stands, for an error."""
    return f"{where}:{line}" if where else f"line {line}"


def line_of(sections: Sections, name: str, index: int) -> int:
    """The number of the line on which an item stands."""
    line = 3  # a bracket and the schema stand before the first section
    for section in SECTIONS[: SECTIONS.index(name)]:
        line += len(sections[section]) + 2
    return line + 1 + index


def at_line(error: IntrospectError, where: str, line: int) -> UnreadableError:
    """What a law or a reader says against an item, with the line it stands on."""
    said = f"{error.path}: {error.culprit}" if error.path else error.culprit
    return UnreadableError(said, got=error.got, expected=error.expected, hint=BLESS, path=place(where, line))
