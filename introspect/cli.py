"""The command line. Exit code 0 when all agrees or nothing could be compared, 1 on a mismatch, 2 where no answer came about."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any, Callable, Optional

import click

from . import __version__
from .counting import NEURONS
from .errors import IntrospectError
from .explaining import Explanation, explain
from .rendering import FORMS
from .targets import parse_shapes, resolve

MISMATCH_EXIT, USAGE_EXIT = 1, 2


class _Failure(click.ClickException):
    """An error of ours, on standard error, with the code for bad usage."""

    exit_code = USAGE_EXIT


class _Commands(click.Group):
    """No error ends with Python's own exit code, which is 1 and means that something differs."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except IntrospectError as error:
            raise _Failure(str(error)) from None
        except Exception:  # ours to mend, or a model's own code
            traceback.print_exc()
            ctx.exit(USAGE_EXIT)


_trusted = click.option(
    "--trust", is_flag=True, help="Let a saved file run code while it is read: only for files whose maker you trust."
)


def _answering(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that is asked about models and answers in one of several forms."""
    for option in (
        click.option("--width", type=int, help="Columns of the text; the terminal's by default."),
        _trusted,
        click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True),
        click.option("--input", "shapes", multiple=True, metavar="SHAPE", help="For a model that does not say what it takes."),
    ):
        command = option(command)
    return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="introspect")
def main() -> None:
    """Every number of a neural network, worked out on paper and checked against its framework."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that knows no × still gets its table


@main.command("explain")
@click.argument("target")
@click.option(
    "--input",
    "shapes",
    multiple=True,
    metavar="SHAPE",
    help="1,3,224,224 or N,3,H,W or name=1,128; once for each input. Of many models: SHAPE, 'raft_*=SHAPE;SHAPE' or @FILE.",
)
@click.option("--format", "form", type=click.Choice((*FORMS, "jsonl")), default="text", show_default=True)
@click.option(
    "--neurons", type=click.Choice(list(NEURONS)), default="weighted", show_default=True, help="Which outputs are neurons."
)
@click.option("--no-verify", is_flag=True, help="Work it out on paper alone.")
@click.option("--width", type=int, help="Columns of the text table; the terminal's by default.")
@_trusted
@click.option("--all", "everything", is_flag=True, help="Every model of a module.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Of many models those with such a name: 'resnet*'.")
@click.option("--workers", type=click.IntRange(1), help="Processes for many models; one for each core by default.")
@click.option("--timeout", type=click.FloatRange(0), metavar="SECONDS", help="For one of many models; 600 by default, 0: none.")
@click.option("--output", metavar="FILE", help="Where many models' lines of JSON go, and where a run goes on that was ended.")
def explain_command(
    target: str,
    shapes: tuple[str, ...],
    form: str,
    neurons: str,
    no_verify: bool,
    width: Optional[int],
    trust: bool,
    **of_many: Any,
) -> None:
    """Explain TARGET: package.module:callable (a model, or what makes one), or a saved file.

    Files are explanations and baselines (.json), .keras and .h5, and tensors alone: .safetensors, .pt, .pth, .pt2, .npz.
    Nothing in a file is executed without --trust.

    TARGET may be many: a mapping of names to models or factories, a list of factories, a registry, or with --all a module. The
    exit code is then 2 where a model failed, else 1 where one disagrees with its framework.
    """
    from .many.finding import is_many

    found = None if of_many["everything"] else _target(target, trust, shapes)
    if of_many["everything"] or is_many(found):
        sys.exit(_explain_many(target, form, neurons, shapes=shapes, verify=not no_verify, width=width, **of_many))
    _refuse_for_one(form, of_many)
    explanation = found if isinstance(found, Explanation) else explain(found, parse_shapes(shapes), verify=not no_verify)
    show(explanation, form, neurons=neurons, width=width)
    if explanation.status == "mismatch":
        sys.exit(MISMATCH_EXIT)


def _explain_many(target: str, form: str, neurons: str, **options: Any) -> int:
    from .many.command import FORMS as FORMS_OF_MANY
    from .many.command import INTERRUPTED_EXIT, Options, run

    if form not in FORMS_OF_MANY or neurons != "weighted":
        raise IntrospectError(
            "this is not for many models", got=f"--format {form}" if form not in FORMS_OF_MANY else f"--neurons {neurons}",
            expected=f"--format {' or '.join(FORMS_OF_MANY)}, and weighted neurons",
        )  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return run(target, Options(form=form, **given))
    except KeyboardInterrupt:  # before there was anything to do
        return INTERRUPTED_EXIT


def _refuse_for_one(form: str, of_many: dict[str, Any]) -> None:
    given = [f"--{name}" for name, value in of_many.items() if value] + (["--format jsonl"] if form == "jsonl" else [])
    if given:
        raise IntrospectError("this is for many models, and the target is one", got=", ".join(given))


def show(explanation: Explanation, form: str = "text", *, neurons: str = "weighted", width: Optional[int] = None) -> None:
    """Print an explanation; in colour where standard output is a terminal."""
    if form == "text" and sys.stdout.isatty():
        from rich.console import Console

        from .rendering.text import print_to

        print_to(Console(width=width), explanation, neurons=neurons)
        return
    options: dict[str, Any] = {} if form == "json" else {"neurons": neurons}
    click.echo(explanation.render(form, **options, **({"width": width} if form == "text" else {})))


@main.command("compare")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@_answering
def compare_command(a: str, b: str, shapes: tuple[str, ...], form: str, width: Optional[int], trust: bool) -> None:
    """Say where two models differ, and why; each is package.module:callable or a saved file.

    The exit code is 0 where nothing differs, 1 where something does.
    """
    from .comparing import compare

    found = compare(_target(a, trust), _target(b, trust), parse_shapes(shapes))
    click.echo(found.render(form, **({"width": width} if form == "text" else {})))
    if not found.same:
        sys.exit(MISMATCH_EXIT)


@main.command("diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@_answering
def diff_command(a: str, b: str, shapes: tuple[str, ...], form: str, width: Optional[int], trust: bool) -> None:
    """Say what became of A in B: the tensors that appeared, disappeared or changed, the totals, and why.

    Each is a baseline, a saved explanation or other file, or package.module:callable; or both are folders of baselines, which
    are taken file by file. The exit code is 0 where every count and shape is what it was, 1 where not, 2 where nobody can say.
    """
    found = _drift(a, b, shapes, trust)
    _show_drift(found, form, width)
    if not found.same:
        sys.exit(MISMATCH_EXIT)


def _drift(a: str, b: str, shapes: tuple[str, ...], trust: bool) -> Any:
    from .drifting import drift
    from .drifting.sides import explained, folders

    inside = [os.path.isdir(side) for side in (a, b)]
    if all(inside):
        return folders(Path(a), Path(b))
    if any(inside):
        raise IntrospectError("a folder has no counterpart", got=b if inside[0] else a, expected="a second folder of baselines")
    return drift(*explained(_target(a, trust, shapes), _target(b, trust, shapes), parse_shapes(shapes)))


def _show_drift(found: Any, form: str, width: Optional[int]) -> None:
    """Print one or many drifts; in colour where standard output is a terminal."""
    if form != "text" or not sys.stdout.isatty():
        click.echo(found.render(form, **({"width": width} if form == "text" else {})))
        return
    from importlib import import_module

    from rich.console import Console

    import_module(found.renderer).print_to(Console(width=width), found)


@main.command("diagnose")
@click.argument("target")
@click.option(
    "--claim", "claims", multiple=True, metavar="NUMBER", help="1664, 117M, 21.4MB; or conv1=1664, once for each layer."
)
@click.option("--at", metavar="PATH", help="The layer, block or tensor that the claim is about; the whole model by default.")
@click.option("--quantity", default="params", show_default=True, help="params, trainable, weights, neurons, connections, ...")
@_answering
def diagnose_command(
    target: str,
    claims: tuple[str, ...],
    at: Optional[str],
    quantity: str,
    shapes: tuple[str, ...],
    form: str,
    width: Optional[int],
    trust: bool,
) -> None:
    """Say why somebody has another number for TARGET: package.module:callable or a saved file.

    Without --claim, a summary that another tool printed is read from standard input. The exit code is 0 where the claim is
    right, 1 where it is not.
    """
    from .diagnosing import diagnose

    model = _target(target, trust, shapes)
    inputs = None if isinstance(model, Explanation) else parse_shapes(shapes)
    found = diagnose(model, _claimed(claims), at, quantity, inputs=inputs)
    click.echo(found.render(form, **({"width": width} if form == "text" else {})))
    if not found.right:
        sys.exit(MISMATCH_EXIT)


def _claimed(claims: tuple[str, ...]) -> Any:
    """One number, one for each of several layers, or what stands on standard input."""
    if claims and all("=" in claim for claim in claims):
        return dict(claim.rsplit("=", 1) for claim in claims)
    if len(claims) == 1:
        return claims[0]
    text = "" if claims or sys.stdin.isatty() else sys.stdin.read()
    if not text.strip():
        raise IntrospectError(
            "there is no claim" if not claims else "one claim is about one number", got=", ".join(claims) or None,
            expected="--claim 1664, --claim conv1=1664 for each of several layers, or a summary on standard input",
        )  # fmt: skip
    return text


def _target(target: str, trust: bool = False, shapes: tuple[str, ...] = ()) -> Any:
    """What a saved file holds, or the model that a target names."""
    if os.path.lexists(target) and not target.endswith(".py"):
        from .saved import opened

        return opened(target, trust=trust, inputs=parse_shapes(shapes))
    return resolve(target)


@main.command()
@click.option("--seconds", type=float, default=4.0, show_default=True, help="How long to train.")
def demo(seconds: float) -> None:
    """Train a small network on drawn digits and explain every number of it."""
    from .demo import run

    explanation = run(seconds, show)
    if explanation.status == "mismatch":
        sys.exit(MISMATCH_EXIT)


if __name__ == "__main__":
    main()
