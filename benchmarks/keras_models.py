"""How long explaining takes beside what Keras itself is asked for a model's numbers: ratios from one run, medians.

Beside `explain`: a bare walk over the weights, `count_params()`, and `summary()`, printed and caught line by line. Not called
``keras.py``: a script's folder comes first when Python looks for a module. Keras 3 on any backend, and tf.keras 2.

Time is the processor's, of all threads: on a machine that does other things, too, a long run is interrupted and a short one is
not, so that clock time would favour the short.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "adapters")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras  # noqa: E402
import numpy as np  # noqa: E402
from report import Report, machine, number, peak  # noqa: E402
from stopwatch import Run, in_turns, peak_memory  # noqa: E402

from introspect import explain  # noqa: E402

VERSION = str(keras.__version__)
if VERSION.startswith("2."):
    import tensorflow

    keras, arange, backend = tensorflow.keras, tensorflow.range, "tensorflow"
else:
    arange, backend = keras.ops.arange, keras.config.backend()
layers = keras.layers

APPLICATIONS = ("ResNet152", "EfficientNetB7", "NASNetLarge")
PRINTED, CAUGHT, WALK = "summary(), printed", "summary(), caught", "sum(w.size …)"
PAPER, CHECKED = "explain(verify=False)", "explain()"
PACKAGES = ("keras", "tensorflow-cpu", "tensorflow", "torch", "jax")


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
        x = self.tokens(ids) + self.places(arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def subject(name: str) -> tuple[Any, Any]:
    """A model, built, and the input it is explained on: what it declares, if it declares one."""
    if name != "Transformer":
        return getattr(keras.applications, name)(weights=None), None
    model, ids = Transformer(), (1, 128)
    model(np.zeros(ids, "int32"))
    return model, ids


def _printed(model: Any) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        model.summary()


def _caught(model: Any) -> None:
    out = io.StringIO()
    model.summary(print_fn=lambda line, **options: out.write(line))


def _checked(model: Any, inputs: Any) -> int:
    explained = explain(model, inputs)
    if not explained.status:  # the verdict is worked out when it is asked for
        raise AssertionError
    return int(explained.params)


def contestants(model: Any, inputs: Any) -> dict[str, Run]:
    """By name, each contestant's run; those that count give the total."""
    return {
        PRINTED: lambda: _printed(model),
        CAUGHT: lambda: _caught(model),
        WALK: lambda: sum(int(np.prod(w.shape)) for w in model.weights),
        "count_params()": lambda: int(model.count_params()),
        PAPER: lambda: int(explain(model, inputs, verify=False).params),
        CHECKED: lambda: _checked(model, inputs),
    }


def measured(name: str, rounds: int, memory: bool, report: Report) -> None:
    """One table: a model, all contestants."""
    model, inputs = subject(name)
    params = int(model.count_params())
    runs = contestants(model, inputs)
    peaks = {what: peak_memory(run) if memory else None for what, run in runs.items()}
    taken = in_turns(runs, rounds, time.process_time)
    summary, walk = min(taken[PRINTED].ms, taken[CAUGHT].ms), taken[WALK].ms
    rows = []
    for what, t in taken.items():
        if t.failed:
            report.note(f"{what}: {t.failed}")
        elif t.result not in (None, params):
            report.note(f"{what} says {number(t.result)}")
        times = [] if t.failed else [f"{t.ms:.2f}", f"{t.ms / summary:.3f}", f"{t.ms / walk:.1f}", peak(peaks[what])]
        rows.append((what, *times, *([""] * (4 - len(times)))))
    title = f"{name}, {number(params)} parameters"
    report.table(title, ("what", "ms", "× summary()", "× the walk", "peak MB"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [*APPLICATIONS, "Transformer"]
    parser.add_argument("--rounds", type=int, default=9, help="turns of each contestant; slow ones have fewer, at least 3")
    parser.add_argument("--models", nargs="*", default=names, choices=names, help="by name; all of them")
    parser.add_argument("--no-memory", action="store_true", help="fork nothing: leave the peaks out")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    report = Report(options.markdown)
    report.say(machine(PACKAGES))
    report.say(f"Keras {VERSION} on {backend}. × summary(): beside the quicker of its two runs.")
    for name in options.models:
        measured(name, options.rounds, not options.no_memory, report)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
