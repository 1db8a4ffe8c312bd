"""The lines below a table: how many parameters in all, and what they weigh."""

from __future__ import annotations

import re
from typing import Optional

from .base import Amount
from .cells import ROUNDED, WHOLE, amount
from .cleaning import Line

_PARAMS = {"total": "total", "trainable": "trainable", "non-trainable": "non_trainable", "optimizer": "optimizer"}
_SIZES = {
    "Input size": "input_size", "Forward/backward pass size": "forward_backward_size", "Params size": "params_size",
    "Estimated Total Size": "estimated_size", "Total estimated model params size": "params_size",
}  # fmt: skip
_UNITS = {"MEGABYTES": "M", "GIGABYTES": "G", "TERABYTES": "T", "M": "M", "G": "G", "T": "T"}
_params = re.compile(
    r"\s*(?P<what>Total|Trainable|Non-trainable|Optimizer) params *(?:\((?:Units\.)?(?P<unit>\w+)\))? *: *"
    rf"(?P<n>{ROUNDED}|{WHOLE}|\d[\d,]*\.\d+)(?P<size> *\((?P<bytes>[\d.,]+ (?:Bytes?|[KMGTP]?B))\))?\s*"
)
_size = re.compile(rf"\s*(?P<what>{'|'.join(_SIZES)}) \((?P<unit>[KMGT]B)\) *: *(?P<n>[\d.,]+)\s*")
_work = re.compile(r"\s*Total (?P<what>mult-adds|FLOPs) *(?:\((?:Units\.)?(?P<unit>\w+)\))? *: *(?P<n>[\d.,]+(?: [KMBT])?)\s*")
_before = re.compile(rf"\s*(?P<n>{ROUNDED}|{WHOLE}|[\d.,]+) {{2,}}(?P<what>\S.*\S)\s*")
_open = re.compile(r"\s*(?:Total|Trainable|Non-trainable|Optimizer) params\b.*")
_OTHER = re.compile(r"\s*(?:Modules in (?:train|eval) mode *: *\d+|\d+ +Modules in (?:train|eval) mode)\s*")


def totals(line: Line) -> Optional[dict[str, Amount]]:
    """What a line says about the whole model; None where it is no such line."""
    found = _read(line.text)
    if found is None:
        return {} if line.cut and _open.fullmatch(line.text) else None
    if line.cut and line.text[-1] in "0123456789.,":
        return {}  # its last digits may be missing
    return found


def _read(text: str) -> Optional[dict[str, Amount]]:
    if match := _params.fullmatch(text):
        return _counted(match)
    if match := _size.fullmatch(text):
        return {_SIZES[match.group("what")]: f"{match.group('n')} {match.group('unit')}"}
    if match := _work.fullmatch(text):
        unit = _UNITS.get(match.group("unit") or "", "")
        name = "flops" if match.group("what") == "FLOPs" else "mult_adds"
        return {name: f"{match.group('n')} {unit}".strip()}
    if match := _before.fullmatch(text):
        return _named_after(match.group("n"), match.group("what"))
    return {} if _OTHER.fullmatch(text) else None


def _counted(match: re.Match[str]) -> dict[str, Amount]:
    name = _PARAMS[match.group("what").lower()]
    unit = _UNITS.get(match.group("unit") or "", "")
    value = amount(match.group("n")) if not unit else None
    if value is None and not unit:
        return {}  # a part of a rounded number
    found: dict[str, Amount] = {name: f"{match.group('n')} {unit}".strip() if value is None else value}
    if match.group("bytes"):
        found[f"{name}_size"] = match.group("bytes")
    return found


def _named_after(n: str, what: str) -> Optional[dict[str, Amount]]:
    """Lightning's plain style: the number first."""
    if what == "Total estimated model params size (MB)":
        return {"params_size": f"{n} MB"}
    if what in ("Total Flops", "Total FLOPs"):
        return {"flops": n}
    value = amount(n)
    words = what.lower().split()
    if value is None or len(words) != 2 or words[1] != "params" or words[0] not in _PARAMS:
        return {} if what in ("Modules in train mode", "Modules in eval mode") else None
    return {_PARAMS[words[0]]: value}
