"""A baseline is an explanation on disk: the ledger as text of which git shows every change, one tensor a line.

It holds the model in the IR, and the framework's numbers for what no law speaks of. No total stands in it: a total is the
sum of the lines. What changes one tensor changes its line, and no other.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Union

from ..errors import IntrospectError, UnreadableError
from ..files import read_text, write_atomically
from .canonical import canonical
from .form import BLESS, FAMILY, parsed, rendered, same_text

if TYPE_CHECKING:
    from ..explaining import Explanation

__all__ = ["FAMILY", "canonical", "dumps", "load", "loads", "save"]


def dumps(explanation: Explanation) -> str:
    """`explanation` as the text of a baseline: the same text for the same model.

    Raises `IntrospectError` where what was worked out is not what the framework reports: then there is nothing to hold on to.
    """
    from .writing import sections_of

    if explanation.status == "mismatch":
        said = [text for row in explanation.mismatches for text in row.verdicts] + explanation.notes_on_totals
        raise IntrospectError(
            f"{explanation.model.name} is no baseline: what was worked out is not what the framework reports",
            got="; ".join(said[:3]), hint="see print(explain(model))",
        )  # fmt: skip
    return rendered(sections_of(explanation))


def loads(text: str, where: str = "") -> Explanation:
    """The explanation that `dumps` wrote; no framework is needed, and nothing is executed. `where`: what an error calls it.

    Raises `UnreadableError` naming the line that is not as it was written.
    """
    from .reading import DAMAGE, Reader
    from .writing import sections_of

    sections, older = parsed(text, where)
    reader = Reader(sections, where)
    try:
        found = reader.explanation()
        again = sections_of(found, reader.elision)
    except UnreadableError:
        raise
    except (IntrospectError, *DAMAGE) as error:
        raise UnreadableError("this baseline is damaged", got=str(error), hint=BLESS, path=where or None) from None
    if older:
        again["layers"] = sections["layers"]  # a law may have been written otherwise then
    same_text(rendered(again), rendered(sections), where)
    return found


def save(path: Union[str, PathLike[str]], explanation: Explanation) -> None:
    """Write a baseline: the whole file or none of it. Raises like `dumps`, and where the file cannot be written."""
    write_atomically(path, dumps(explanation))


def load(path: Union[str, PathLike[str]]) -> Explanation:
    """Read a baseline. Raises `UnreadableError` naming the file and the line."""
    return loads(read_text(path), str(path))
