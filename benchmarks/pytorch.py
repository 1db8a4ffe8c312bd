"""How long explaining takes beside what else one does with a PyTorch model: ratios from one run, medians.

Beside `explain`: a bare walk over the parameters, symbolic tracing by `torch.fx`, a forward pass on the meta device, and three
packages that summarise models. Nothing is downloaded; all models are built here. A contestant that fails says why.

Time is the processor's, of one thread: on a machine that does other things, too, a long run is interrupted and a short one is
not, so that clock time would favour the short.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Optional

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "adapters")]

import torch  # noqa: E402
from pytorch_models import MODELS, Subject, chain  # noqa: E402
from report import Report, machine, number, peak  # noqa: E402
from stopwatch import Run, in_turns, peak_memory  # noqa: E402
from torch import nn  # noqa: E402

from introspect import explain  # noqa: E402

WALK, PAPER, CHECKED = "sum(p.numel() …)", "explain(verify=False)", "explain()"
SMALL = Subject(lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU()), (1, 4), 20)


def _walk(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def _checked(model: nn.Module, shape: tuple[int, ...]) -> int:
    explained = explain(model, shape)
    if not explained.status:  # the verdict is worked out when it is asked for
        raise AssertionError
    return int(explained.params)


def _traced(model: nn.Module) -> None:
    torch.fx.symbolic_trace(model)


def _forward(model: nn.Module, x: torch.Tensor) -> None:
    with torch.no_grad():
        model(x)


def _torchinfo(model: nn.Module, **given: Any) -> int:
    import torchinfo

    return int(torchinfo.summary(model, verbose=0, **given).total_params)


def _torchscan(model: nn.Module, x: torch.Tensor) -> int:
    import torchscan

    return int(torchscan.crawl_module(model, args=(x,))["totals"]["parameters"]["value"])


def _fvcore(model: nn.Module, x: torch.Tensor) -> int:
    from fvcore import nn as counters

    flops = counters.FlopCountAnalysis(model, x).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    flops.total()
    return int(counters.parameter_count(model)[""])


def contestants(subject: Subject, without: Iterable[str] = ()) -> dict[str, Run]:
    """By name, each contestant's run. With real weights out of reach, what runs "with input" would run on meta all the same."""
    models = {"cpu": subject.model(), "meta": subject.model("meta")}

    def given(run: Callable[..., Any], device: str, x: Optional[str] = None) -> Run:
        args = (models[device],) if x is None else (models[device], subject.input(device) if x == "input" else subject.shape)
        return lambda: run(*args)

    runs = {
        WALK: given(_walk, "cpu"),
        PAPER: given(lambda model, shape: int(explain(model, shape, verify=False).params), "cpu", "shape"),
        CHECKED: given(_checked, "cpu", "shape"),
        "torch.fx.symbolic_trace": given(_traced, "cpu"),
        "forward on meta": given(_forward, "meta", "input"),
        "torchinfo, static": given(_torchinfo, "cpu"),
        "torchinfo, with input": given(lambda model, x: _torchinfo(model, input_data=x), "cpu", "input"),
        "torchinfo, on meta": given(lambda model, x: _torchinfo(model, input_data=x, device="meta"), "meta", "input"),
        "torchscan": given(_torchscan, "cpu", "input"),
        "fvcore": given(_fvcore, "cpu", "input"),
    }
    left_out = {*without, *(["torchinfo, with input"] if subject.on_meta else [])}
    return {name: run for name, run in runs.items() if name not in left_out}


def warmed_up() -> None:
    """Run every contestant on a small model: what imports take belongs to none."""
    for run in contestants(SMALL).values():
        with suppress(Exception):
            run()


def measured(name: str, subject: Subject, rounds: int, without: Iterable[str], report: Report) -> None:
    """One table: a model, all contestants."""
    runs = contestants(subject, without)
    peaks = {what: peak_memory(run) for what, run in runs.items()}
    taken = in_turns(runs, rounds, time.process_time)
    walk = taken[WALK].ms
    rows = []
    for what, t in taken.items():
        if t.failed:
            report.note(f"{what}, {name}: {t.failed}")
            rows.append((what, "fails", "", "", "", ""))
            continue
        said = "" if t.result is None else number(t.result) + ("" if t.result == subject.params else " (wrong)")
        rows.append((what, f"{t.ms:.2f}", f"{t.ms / walk:.1f}", str(t.turns), peak(peaks[what]), said))
    title = f"{name}, {number(subject.params)} parameters, input {'×'.join(map(str, subject.shape))}"
    report.table(title, ("what", "ms", "× the bare walk", "turns", "peak MB", "parameters it says"), rows)


def linear(lengths: Iterable[int], rounds: int, without: Iterable[str], report: Report) -> None:
    """Chains of dense layers: what ten times the layers cost."""
    models = {n: chain(n) for n in lengths}
    runs: dict[str, Run] = {}
    for n, model in models.items():
        runs[f"{WALK} {n}"] = lambda model=model: _walk(model)  # type: ignore[misc]
        runs[f"{PAPER} {n}"] = lambda model=model: int(explain(model, (1, 8), verify=False).params)  # type: ignore[misc]
        runs[f"{CHECKED} {n}"] = lambda model=model: _checked(model, (1, 8))  # type: ignore[misc]
    compared = [what for what in (WALK, PAPER, CHECKED) if what not in without]
    taken = in_turns({k: run for k, run in runs.items() if k.startswith(tuple(compared))}, rounds, time.process_time)
    rows = []
    for what in compared:
        before: Optional[tuple[int, float]] = None
        for n in models:
            t = taken[f"{what} {n}"]
            times = "" if before is None else f"{t.ms / before[1]:.1f} for {n / before[0]:g} × the layers"
            rows.append((what, number(n), f"{t.ms:.1f}", f"{t.ms / taken[f'{WALK} {n}'].ms:.1f}", times))
            before = (n, t.ms)
    report.table("chains of dense layers", ("what", "layers", "ms", "× the bare walk", "× the chain before"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="turns of each contestant; slow ones have fewer, at least 3")
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=[*MODELS, []], help="by name; all of them")
    parser.add_argument("--without", nargs="*", default=[], help="contestants to leave out, by name")
    parser.add_argument(
        "--lengths", type=int, nargs="*", default=[1_000, 10_000, 100_000], help="of the chains; none: left out"
    )
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    report = Report(options.markdown)
    report.say(machine())
    torch.set_num_threads(1)  # threads do not outlive a fork, and two on a busy machine wait for each other
    warmed_up()
    for name in options.models:
        measured(name, MODELS[name], options.rounds, options.without, report)
    if options.lengths:
        linear(options.lengths, options.rounds, options.without, report)


if __name__ == "__main__":
    main()
