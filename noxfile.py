"""The environments the project is tested in, one session each: ``nox -l`` lists them.

An interpreter is looked for on the path and among pyenv's; a session whose interpreter is missing fails and says which.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))
from environments import matrix as matrix_of_versions

MATRIX = matrix_of_versions.read_matrix()

nox.needs_version = ">=2023.4"
nox.options.sessions = ["lint", "everything", "vintage"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True
nox.options.default_venv_backend = "venv"  # the interpreter's own pip still builds what predates pyproject.toml


def interpreter(version: str) -> str:
    """The path of Python `version`; `version` itself where there is none, which nox then names as missing."""
    return matrix_of_versions.interpreter(version) or version


def install(session: nox.Session, name: str) -> None:
    """The pinned packages of `environments/name.txt`."""
    lines = Path("environments", f"{name}.txt").read_text().splitlines()
    for packages in matrix_of_versions.in_steps(line for line in lines if line and not line.startswith("#")):
        session.install(*packages)


def run_tests(session: nox.Session, frameworks: str, *paths: str) -> None:
    """pytest over the tests of `frameworks`; extra arguments come from the command line."""
    session.env["INTROSPECT_FRAMEWORKS"] = frameworks
    session.run("python", "-m", "pytest", "-n", "2", "--dist", "loadfile", *(session.posargs or paths))


@nox.session(python=interpreter("3.11"))
def lint(session: nox.Session) -> None:
    """Style, formatting and types."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session(python=interpreter("3.11"))
def everything(session: nox.Session) -> None:
    """PyTorch, Keras and Lasagne in one process."""
    install(session, "everything")
    run_tests(session, "torch,torchvision,keras,lasagne,nolearn")
    if not session.posargs:  # where a layer of Keras' is a module of PyTorch's, either may hold the other
        session.env["KERAS_BACKEND"] = "torch"
        run_tests(session, "keras", "tests/introspect_keras/test_guests.py", "tests/introspect_keras/test_backends.py")


@nox.session(python=interpreter("3.9"))
def vintage(session: nox.Session) -> None:
    """Lasagne and nolearn on Theano 0.8.2, Keras 1.1.1."""
    install(session, "vintage")
    run_tests(session, "lasagne,nolearn,keras1")


@nox.session(name="old-torch", python=interpreter("3.9"))
def old_torch(session: nox.Session) -> None:
    """PyTorch 1.12.1. Its meta device has no kernel for convolutions, normalisations and relu: what comes after one of them
    is verified where an example is given, and unreported where only shapes are. An encoder's own modules, which it runs past,
    are held against the real run alone; what it refuses and PyTorch 2 takes (an unbatched circular padding, `unfold` of three
    axes, losses of shapes that do not fit) is not drawn.
    """
    install(session, "old-torch")
    session.env["INTROSPECT_PROFILE"] = "quick"  # the laws get all their examples in `everything`
    run_tests(session, "torch", "tests/introspect_torch", "tests/introspect")


@nox.session(name="old-keras", python=interpreter("3.9"))
def old_keras(session: nox.Session) -> None:
    """tf.keras 2.5."""
    install(session, "old-keras")
    session.env["INTROSPECT_PROFILE"] = "quick"  # the laws get all their examples in `everything`
    run_tests(session, "keras2", "tests/introspect", "tests/introspect_keras2")


@nox.session(name="keras-theano", python=interpreter("3.9"))
@nox.parametrize("row", [name for name in MATRIX if name.startswith(("keras-1.2", "keras-2."))])
def keras_theano(session: nox.Session, row: str) -> None:
    """Keras as a package of its own, on Theano, as the matrix has it."""
    for packages in matrix_of_versions.in_steps([*MATRIX[row].pins, *matrix_of_versions.BASE]):
        session.install(*packages)
    session.install("pytest>=7", "pytest-xdist", "hypothesis>=6")
    session.env["INTROSPECT_PROFILE"] = "quick"  # Theano takes its time to say how large a weight is
    session.env["THEANO_FLAGS"] = "device=cpu,floatX=float32,cxx=,blas.ldflags=,optimizer=None"
    folder = "keras1" if MATRIX[row].fixtures == "small_keras1" else "keras2theano"
    run_tests(session, folder, f"tests/introspect_{folder}")


@nox.session(name="keras-2", python=interpreter("3.11"))
def keras_2(session: nox.Session) -> None:
    """tf.keras 2.15, the last before Keras 3."""
    install(session, "keras-2")
    session.env["INTROSPECT_PROFILE"] = "quick"  # the laws get all their examples in `everything`
    run_tests(session, "keras2", "tests/introspect", "tests/introspect_keras2")


@nox.session(python=interpreter("3.11"))
@nox.parametrize("backend", ["torch", "jax"])
def backends(session: nox.Session, backend: str) -> None:
    """Keras 3 on PyTorch and on JAX: the tests that run on TensorFlow in `everything`."""
    install(session, "backends")
    session.env["INTROSPECT_PROFILE"] = "quick"  # the laws get all their examples in `everything`
    session.env["KERAS_BACKEND"] = backend
    run_tests(session, "keras", "tests/introspect_keras", "tests/seeds")


@nox.session(name="keras-3-0", python=interpreter("3.11"))
@nox.parametrize("backend", ["tensorflow", "jax"])
def keras_3_0(session: nox.Session, backend: str) -> None:
    """Keras 3.0, the first: whole models, and the laws of the layers that it has; tests/support/older_keras.py says where it
    is no witness.
    """
    install(session, "keras-3-0")
    session.env["INTROSPECT_PROFILE"] = "quick"  # the laws get all their examples in `everything`
    session.env["KERAS_BACKEND"] = backend
    files = [
        f"tests/introspect_keras/test_{name}.py" for name in ("models", "subclassed", "laws", "composed_laws", "preparing_laws")
    ]
    cut = f"--deselect={files[0]}::test_a_model_cut_out_of_another"  # there the layer in front of the cut is counted, too
    run_tests(session, "keras", *files, cut)


@nox.session(python=interpreter("3.11"))
def applications(session: nox.Session) -> None:
    """All forty models of keras.applications."""
    install(session, "everything")
    session.env["INTROSPECT_PROFILE"] = "nightly"
    run_tests(session, "keras", "tests/introspect_keras/test_applications.py")


def run_applications_2(session: nox.Session, environment: str) -> None:
    install(session, environment)
    session.env["INTROSPECT_PROFILE"] = "nightly"
    run_tests(session, "keras2", "tests/introspect_keras2/test_applications.py")


@nox.session(name="applications-keras-2", python=interpreter("3.11"))
def applications_keras_2(session: nox.Session) -> None:
    """All models of tf.keras 2.15's applications, seventy-one."""
    run_applications_2(session, "keras-2")


@nox.session(name="applications-old-keras", python=interpreter("3.9"))
def applications_old_keras(session: nox.Session) -> None:
    """All models of tf.keras 2.5's applications, twenty-eight."""
    run_applications_2(session, "old-keras")


@nox.session(python=interpreter("3.13"))
def newest(session: nox.Session) -> None:
    """The newest PyTorch, with Keras on it."""
    install(session, "newest")
    session.env["KERAS_BACKEND"] = "torch"
    folders = ("introspect", "introspect_torch", "introspect_keras", "seeds")
    run_tests(session, "torch,keras", *(f"tests/{folder}" for folder in folders))


@nox.session(python=interpreter("3.11"))
def nightly(session: nox.Session) -> None:
    """Every property test with many more examples."""
    install(session, "everything")
    session.env["INTROSPECT_PROFILE"] = "nightly"
    run_tests(session, "torch,torchvision,keras,lasagne,nolearn")


@nox.session(python=interpreter("3.11"))
def demo(session: nox.Session) -> None:
    """Train a small network and explain every number of it."""
    session.install("torch==2.13.0", silent=False)
    session.install(".")
    session.chdir(session.create_tmp())  # outside the checkout: what runs is what was installed
    session.run("introspect", "demo", *session.posargs)


@nox.session(python=interpreter("3.11"))
def benchmarks(session: nox.Session) -> None:
    """Side-by-side runs; ratios from one run, no test."""
    install(session, "everything")
    install(session, "benchmarks")
    session.install("-e", ".", "--no-deps")
    for script in ("pytorch.py", "lasagne_networks.py", "keras_models.py"):
        session.run("python", f"benchmarks/{script}", *session.posargs)


def record(session: nox.Session, *rows: str) -> None:
    session.install("rich>=12", "click>=8", "tomli")
    session.run("python", "environments/matrix.py", *rows, *session.posargs)


@nox.session
def matrix(session: nox.Session) -> None:
    """Record the ledgers of every environment of `environments/matrix.toml`; `-- --keep` leaves the environments there."""
    record(session)


@nox.session
@nox.parametrize("row", list(MATRIX), ids=list(MATRIX))
def ledgers(session: nox.Session, row: str) -> None:
    """Record the ledgers of one of those environments; `-- --keep` leaves it there."""
    record(session, row)
