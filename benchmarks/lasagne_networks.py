"""How long explaining takes beside what Lasagne itself is asked for a network's numbers: ratios from one run, medians.

ResNet-50 and GoogLeNet, built here with weights of zero. `count_params` copies every weight to look at its shape, and
`get_output_shape` works out one shape after another; explaining on paper does neither. Not called ``lasagne.py``: a
script's folder comes first when Python looks for a module.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "adapters"), str(ROOT / "tests" / "support")]
os.environ["INTROSPECT_FRAMEWORKS"] = "lasagne"

import environment  # noqa: E402, F401 -- prepares Theano before Lasagne is imported
import lasagne  # noqa: E402
import theano  # noqa: E402
from lasagne import layers  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from standins_lasagne import newer_layers  # noqa: E402
from stopwatch import median  # noqa: E402

from fixtures import lasagne_nets  # noqa: E402
from introspect import explain  # noqa: E402


def contestants(net: Any) -> dict[str, Callable[[], Any]]:
    every, shape = layers.get_all_layers(net), (1, 3, 224, 224)
    return {
        "count_params + get_output_shape": lambda: (layers.count_params(net), layers.get_output_shape(every, shape)),
        "explain(net, verify=False)": lambda: explain(net, verify=False),
        "explain(net, verify=False).params": lambda: explain(net, verify=False).params,
        "explain(net).status": lambda: explain(net).status,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    nets = {"ResNet-50": lasagne_nets.resnet50(newer_layers), "GoogLeNet": lasagne_nets.googlenet()}
    console = Console()
    for name, net in nets.items():
        taken = {what: median(run, repeats) for what, run in contestants(net).items()}
        least = next(iter(taken.values()))
        versions = f"Lasagne {lasagne.__version__}, Theano {theano.__version__}, Python {sys.version.split()[0]}"
        table = Table("what", "ms", "× the first", title=f"{name}; {versions}")
        for what, ms in taken.items():
            table.add_row(what, f"{ms:.2f}", f"{ms / least:.2f}")
        console.print(table)


if __name__ == "__main__":
    main()
