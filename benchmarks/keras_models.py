"""How long explaining takes beside what Keras itself is asked for a model's numbers: ratios from one run, medians.

ResNet152, EfficientNetB7, NASNetLarge and a transformer whose `call` is Python code. Not called ``keras.py``: a script's
folder comes first when Python looks for a module.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import sys
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "adapters")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers, ops  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from stopwatch import median  # noqa: E402

from introspect import explain  # noqa: E402

APPLICATIONS = ("ResNet152", "EfficientNetB7", "NASNetLarge")


class Block(layers.Layer):
    """One block of a transformer."""

    def __init__(self, width: int, heads: int, **names: Any) -> None:
        super().__init__(**names)
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.norms = [layers.LayerNormalization(), layers.LayerNormalization()]
        self.wide, self.narrow = layers.Dense(4 * width, activation="gelu"), layers.Dense(width)

    def call(self, x: Any) -> Any:
        y = self.norms[0](x)
        x = x + self.attention(y, y)
        return x + self.narrow(self.wide(self.norms[1](x)))


class Transformer(keras.Model):
    """Token and place embeddings, blocks, and a head, applied by code."""

    def __init__(self, blocks: int = 12, width: int = 256) -> None:
        super().__init__()
        self.tokens, self.places = layers.Embedding(5000, width), layers.Embedding(128, width)
        self.blocks = [Block(width, 8) for _ in range(blocks)]
        self.head = layers.Dense(5000)

    def call(self, ids: Any) -> Any:
        x = self.tokens(ids) + self.places(ops.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def summary(model: Any) -> str:
    """What `model.summary()` prints."""
    out = io.StringIO()
    model.summary(print_fn=lambda line, **options: out.write(line))
    return out.getvalue()


def contestants(model: Any, inputs: Any) -> dict[str, Callable[[], Any]]:
    return {
        "model.summary()": lambda: summary(model),
        "a walk over model.weights": lambda: sum(int(np.prod(w.shape)) for w in model.weights),
        "explain(verify=False)": lambda: explain(model, inputs, verify=False),
        "explain(verify=False).params": lambda: explain(model, inputs, verify=False).params,
        "explain().status": lambda: explain(model, inputs).status,
    }


def in_turn(runs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Medians of rounds in which everyone has a turn, so that a busy moment of the machine is nobody's alone."""
    rounds = [{what: median(run, 1) for what, run in runs.items()} for _ in range(repeats)]
    return {what: statistics.median(each[what] for each in rounds) for what in runs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[*APPLICATIONS, "Transformer"])
    options = parser.parse_args()
    console = Console()
    for name in options.only:
        model = Transformer() if name == "Transformer" else getattr(keras.applications, name)(weights=None)
        inputs = (1, 128) if name == "Transformer" else None
        if inputs is not None:
            model(np.zeros(inputs, "int32"))
        taken = in_turn(contestants(model, inputs), options.repeats)
        first = next(iter(taken.values()))
        versions = f"Keras {keras.__version__} on {keras.config.backend()}, Python {sys.version.split()[0]}"
        table = Table("what", "ms", "× the first", title=f"{name}; {versions}")
        for what, ms in taken.items():
            table.add_row(what, f"{ms:.2f}", f"{ms / first:.3f}")
        console.print(table)


if __name__ == "__main__":
    main()
