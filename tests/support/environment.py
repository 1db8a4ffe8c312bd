"""Prepares Theano, Lasagne, nolearn and Keras for a test run, as their users' own set-up did."""

from __future__ import annotations

import collections.abc
import os
import sys
import types
from importlib import import_module
from importlib.util import find_spec

DEFAULT = "torch,torchvision,keras,lasagne,nolearn"

os.environ.setdefault("THEANO_FLAGS", "device=cpu,floatX=float32,cxx=,blas.ldflags=")  # no compiler, no BLAS probing
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


def frameworks() -> frozenset[str]:
    """What this run was asked to test."""
    return frozenset(os.environ.get("INTROSPECT_FRAMEWORKS", DEFAULT).replace(" ", "").split(","))


def prepare_lasagne() -> None:
    """Lasagne 0.1 asks for a module that Theano 0.9 renamed."""
    if find_spec("theano") is None:
        return
    import theano.tensor.signal.pool as pool

    if not hasattr(pool, "max_pool_2d"):
        pool.max_pool_2d = pool.pool_2d
    name = "theano.tensor.signal.downsample"
    if find_spec(name) is None:
        module = types.ModuleType(name)
        module.max_pool_2d = pool.pool_2d
        sys.modules[name] = module
        import theano.tensor.signal as signal

        signal.downsample = module


def prepare_nolearn() -> None:
    """nolearn 0.6.1 asks for a module that scikit-learn 0.20 renamed, and for a name that Python 3.10 moved."""
    if not hasattr(collections, "Iterable"):
        collections.Iterable = collections.abc.Iterable
    if find_spec("sklearn") is None or find_spec("sklearn.cross_validation") is not None:
        return
    from sklearn import model_selection

    module = types.ModuleType("sklearn.cross_validation")
    module.KFold, module.StratifiedKFold = model_selection.KFold, model_selection.StratifiedKFold
    sys.modules[module.__name__] = module


if "lasagne" in frameworks() or "nolearn" in frameworks():
    prepare_lasagne()
if "nolearn" in frameworks():
    prepare_nolearn()
if {"keras1", "keras2theano"} & frameworks():
    os.environ.setdefault("KERAS_BACKEND", "theano")
if os.environ.get("KERAS_BACKEND") == "theano":
    import_module("theano.ifelse")  # Keras 2.0 counts on somebody having done so
elif "keras" in frameworks():
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
