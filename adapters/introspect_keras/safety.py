"""What a saved configuration may say before any of it is handed to Keras: names of Keras' own layers, and plain values.

Keras itself imports any module that a configuration names, and reads any file that a layer's vocabulary is said to lie in.
"""

from __future__ import annotations

import re
from typing import Any

from introspect.errors import UnreadableError
from introspect.saved.pickles import TRUST

_CODE = {
    "Lambda": "the Python code in it", "__lambda__": "the Python code in it", "TFSMLayer": "a TensorFlow program from a folder",
    "TorchModuleWrapper": "a pickled PyTorch module", "JaxLayer": "a serialised JAX program", "FlaxLayer": "a Flax module",
}  # fmt: skip
_VALUES = {"__keras_tensor__", "__numpy__", "__tensor__", "__bytes__", "__ellipsis__", "__slice__", "__tuple__"}
_OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
_ARITHMETIC = re.compile(r"(math|nn|linalg|__operators__)\.[a-z0-9_]+")
_SHAPING = frozenset("cast concat stack unstack split reshape expand_dims squeeze transpose tile pad gather shape identity "
                     "zeros_like ones_like where clip_by_value broadcast_to one_hot repeat reverse slice strided_slice "
                     "image.resize compat.v1.transpose compat.v1.shape compat.v1.nn.conv2d".split())  # fmt: skip
_FILES = ("vocabulary", "idf_weights")
_PLACES = ("layers", "models", "initializers", "regularizers", "constraints", "activations", "dtype_policies", "ops",
           "quantizers", "random", "src.models", "src.layers", "src.ops", "src.dtype_policies", "src.initializers",
           "src.regularizers", "src.constraints", "src.engine", "engine")  # fmt: skip
MOST = 1_000_000


def checked(config: Any, registered: frozenset[str]) -> Any:
    """The configuration without what concerns training. `registered`: custom objects that this process knows anyway.

    Raises `UnreadableError` naming the layer that would run code, or import some, and how to let it.
    """
    return _Check(registered).value(config, "")


class _Check:
    def __init__(self, registered: frozenset[str]) -> None:
        self._registered = registered
        self._left = MOST

    def value(self, config: Any, name: str) -> Any:
        """A copy of any part of a configuration. `name`: the layer that it belongs to."""
        self._left -= 1
        if self._left < 0:
            raise UnreadableError("this configuration is too long", expected=f"at most {MOST:,} parts")
        if isinstance(config, list):
            return [self.value(item, name) for item in config]
        if not isinstance(config, dict):
            return config
        if "class_name" in config:
            name = _name(config) or name
            self._object(config, name)
        return {key: self._entry(key, item, name) for key, item in config.items() if key != "compile_config"}

    def _entry(self, key: str, item: Any, name: str) -> Any:
        if key in _FILES and isinstance(item, str):
            raise refused(name, "it reads its vocabulary from another file", item)
        return self.value(item, name)

    def _object(self, config: dict[str, Any], name: str) -> None:
        """Raise unless Keras' own code alone is meant."""
        cls, module, registered = config["class_name"], config.get("module"), config.get("registered_name")
        if not isinstance(cls, str) or cls in _CODE:
            raise refused(name, f"it runs {_CODE.get(str(cls), 'what it names')}", f"class_name {cls!s:.80}")
        if registered is not None and not isinstance(registered, str):
            raise refused(name, "its class has no name", type(registered).__name__)
        if cls in _VALUES or {cls, registered} & self._registered:
            return
        if cls in _OPERATIONS and not _harmless(config.get("config")):
            raise refused(name, "it calls a function of TensorFlow's that may do anything", f"class_name {cls}")
        if cls == "function":
            cls = config.get("config")
        if not isinstance(cls, str) or not cls.isidentifier() or cls.startswith("__") or not _of_keras(module):
            raise refused(name, "it imports code that is not Keras' own", f"{module}.{cls!s:.80}")
        if module is None and isinstance(registered, str) and ">" in registered:
            raise refused(name, "its class is not known here", registered[:80])


def _harmless(config: Any) -> bool:
    """Whether an operation of tf.keras 2 is arithmetic; by its name it could also remove a folder."""
    function = config.get("function") if isinstance(config, dict) else None
    return isinstance(function, str) and (bool(_ARITHMETIC.fullmatch(function)) or function in _SHAPING)


def _of_keras(module: Any) -> bool:
    if module is None:
        return True  # an old configuration: Keras looks among its own layers alone
    if module == "builtins":
        return True  # the name of an activation, an operation
    if not isinstance(module, str):
        return False
    root, _, place = module.partition(".")
    return root in ("keras", "tf_keras") and (not place or any(place == p or place.startswith(f"{p}.") for p in _PLACES))


def _name(config: dict[str, Any]) -> str:
    inner = config.get("config")
    name = config.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    return name if isinstance(name, str) else ""


def refused(name: str, what: str, got: str) -> UnreadableError:
    """Why a configuration is not rebuilt."""
    return UnreadableError(
        f"the layer {name[:80]!r} of this file is more than a configuration: {what}", got=got[:200],
        expected="layers of Keras' own", hint=TRUST,
    )  # fmt: skip
