"""Products of two tensors, as Einstein sums."""

from __future__ import annotations

from collections.abc import Sequence


def meeting(m: int, n: int, meet: Sequence[tuple[int, int]]) -> str:
    """The sum over axes that meet, of tensors of `m` and `n` axes: such axes have one letter.

    >>> meeting(3, 2, [(2, 0)]), meeting(1, 1, [])
    ('abc,ce->abe', 'a,b->ab')
    """
    first = [chr(97 + i) for i in range(m)]
    second = [next((first[i] for i, j in meet if j == k), chr(97 + m + k)) for k in range(n)]
    rest = [c for c in first if c not in second] + [c for c in second if c not in first]
    return f"{''.join(first)},{''.join(second)}->{''.join(rest)}"
