"""How often `diagnose` finds an edit that was made: ``python benchmarks/diagnosing.py [single double]``, numbers of networks.

The networks and edits are those of the tests (`tests/support/plans.py`), with other seeds; the networks are built from scratch
before and after, so that nothing of the search is trusted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from plans import measured  # noqa: E402  it stands beside the tests


def main(single: int = 500, double: int = 200) -> None:
    """Print the shares, and the seeds that were missed."""
    for times, within, n in ((1, 1, single), (2, 1, double), (2, 3, double)):
        start = process_time()
        missed, share = measured(times, range(10_000, 10_000 + n), within)
        each = (process_time() - start) / n
        print(f"{times} edit(s), first {within}: {share:.1%} of {n}, {each * 1000:.0f} ms each; missed: {missed}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
