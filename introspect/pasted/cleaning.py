"""A pasted text as lines: colour codes, carriage returns, quotation marks and mangled box characters taken away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_ansi = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_bare_ansi = re.compile(r"(?:\^\[)?\[\d{1,3}(?:;\d{1,3}){0,4}m")  # the escape character itself lost on the way
_mangled = re.compile("(?:â|Ô|Γ)[”•€öòÇ\x94\x95\x80].")  # a box character's three bytes, read as Windows-1252, 850 or 437
_unprinted = re.compile("[\x00-\x1f\x7f\ufeff\u200b\u2028\u2029]")
_MANGLED_PAIRS = (("Â¯", "¯"), ("┬»", "¯"), ("Â\xa0", " "), ("┬á", " "), ("ï»¿", ""), ("´╗┐", ""))
_asked = re.compile(r"\s*\? (?:Layer \(type| +\? Name)")
_tree = re.compile(r"^\s*(?:\?    )*\?\?(?=\w)|(?<=\s)\?\?(?=\d)")
_quoted = re.compile(r"[ \t]*(?:>[ \t]?)+")
_headers = re.compile(r"Layer \(type|[┃│|?] +[┃│|?] Name +[┃│|?]|(?<!\S)\| Name +\| Type|#  name +size|name +size +total")
BOX = "─━│┃┄┅┆┇┈┉┊┋┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋═║╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬╭╮╯╰"


WIDEST = 2_000  # no table is wider


@dataclass(frozen=True)
class Line:
    """One line, with the number it has in the text. `cut`: the text ends in it, so that its last word may be a part."""

    number: int
    text: str
    cut: bool = False


def clean(text: str) -> list[Line]:
    """The lines of a text, with the numbers they have in it; blanks at their ends are kept."""
    raw = re.sub("\r+\n|\r", "\n", text).split("\n")
    lines = [Line(i, _plain(line)) for i, line in enumerate(raw, 1)]
    last = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].text.strip()), None)
    if last == len(lines) - 1:  # no line end after it
        lines[last] = Line(lines[last].number, lines[last].text, cut=not raw[last][-1].isspace())
    return _boxes_back(_single_spaced(_without_prefix(lines)))


def _boxes_back(lines: list[Line]) -> list[Line]:
    """Line characters again where a program wrote ``?`` for each: at the places where the header has them, and in a tree."""
    header = next((line.text for line in lines if _asked.match(line.text)), "")
    places = [match.start() for match in re.finditer(r"(?<!\S)\?(?!\S)", header)]
    return [replace(line, text=_strokes_back(line.text, places)) if "?" in line.text else line for line in lines]


def _strokes_back(text: str, places: Sequence[int]) -> str:
    if re.fullmatch(r"[|\s]*\?{9,}[|\s]*", text):
        return text.replace("?", "─")
    text = "".join("│" if i in places and c == "?" else c for i, c in enumerate(text))
    return _tree.sub(lambda match: match.group().replace("??", "└─").replace("?", "│"), text)


def _single_spaced(lines: list[Line]) -> list[Line]:
    """Without the empty line that some programs put after each."""
    first = next((i for i, line in enumerate(lines) if line.text.strip()), 0)
    between = lines[first + 1 :: 2]
    return lines[first::2] if len(between) > 3 and not any(line.text.strip() for line in between) else lines


def _plain(line: str) -> str:
    line = _bare_ansi.sub("", _ansi.sub("", line[: 10 * WIDEST]))
    if len(line) > WIDEST:
        return "…"
    line = _mangled.sub(lambda match: _restored(match.group()), line)
    for mangled, meant in _MANGLED_PAIRS:
        line = line.replace(mangled, meant)
    return _unprinted.sub("", line.expandtabs().replace("\xa0", " "))


def _restored(three: str) -> str:
    """The box character whose UTF-8 bytes were read in another code page; a rule where one of the bytes was lost."""
    for page in ("cp1252", "latin-1", "cp850", "cp437"):
        try:
            found = "".join(_byte(c, page) for c in three).encode("latin-1").decode("utf-8")
        except (UnicodeError, ValueError):
            continue
        if found in BOX + "…":
            return found
    return "─" if three[2] in "\ufffd?" else three


def _byte(character: str, page: str) -> str:
    try:
        return character.encode(page).decode("latin-1")
    except UnicodeError:
        return character  # the five places where Windows-1252 has no character are passed on as they are


def _without_prefix(lines: Sequence[Line]) -> list[Line]:
    """Quotation marks, comment signs and what a logger puts before each line, taken off."""
    quoted = [_quoted.match(line.text) for line in lines]
    bare = [_from(line, match.end() if match else 0) for line, match in zip(lines, quoted)]
    header = next((m for line in bare if (m := _headers.search(line.text))), None)
    if header is None:
        return bare
    prefix = re.match(r"\s*(.*\S)?", header.string[: header.start()].rstrip(BOX + "|+? ")).group()  # type: ignore[union-attr]
    if not prefix.strip():
        return bare
    pattern = re.compile("".join(r"\d" if c.isdigit() else re.escape(c) for c in prefix) + " ?")
    found = [pattern.match(line.text) for line in bare]
    return [_from(line, match.end() if match else 0) for line, match in zip(bare, found)]


def _from(line: Line, start: int) -> Line:
    return Line(line.number, line.text[start:], line.cut)
