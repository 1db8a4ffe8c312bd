"""What ``torch.save`` and ``torch.jit.save`` write: tensors of state dicts and scripts, read without unpickling anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple, Optional

from ..errors import UnreadableError
from ..files import Name, open_regular, reading
from . import pickles
from .archives import Archive
from .pickles import Named, Noted, Persistent
from .tensors import Contents, Stored, checked

LEGACY_MAGIC = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")  # the pickle of a number that torch.load looks for
DEEPEST = 50
_OPTIMISER = {"state", "param_groups"}
_WIDTHS = {
    "Double": 8, "Float": 4, "Half": 2, "BFloat16": 2, "Long": 8, "Int": 4, "Short": 2, "Char": 1, "Byte": 1, "Bool": 1,
    "ComplexDouble": 16, "ComplexFloat": 8, "QInt8": 1, "QUInt8": 1, "QInt32": 4, "QUInt4x2": 1, "QUInt2x4": 1, "Untyped": 1,
}  # fmt: skip
_DTYPES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1,
    "uint16": 2, "uint32": 4, "uint64": 8, "bool": 1, "complex128": 16, "complex64": 8, "complex32": 4, "float8_e4m3fn": 1,
    "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1, "qint8": 1, "quint8": 1, "qint32": 4,
    "double": 8, "float": 4, "half": 2, "long": 8, "int": 4, "short": 2,
}  # fmt: skip


class Storage(NamedTuple):
    """Where a tensor's numbers lie: the storage's key, its elements, and the bytes of each."""

    key: str
    elements: int
    width: int


class Tensor(NamedTuple):
    """A tensor as a pickle describes it; `storage` is None where it has no numbers (the meta device)."""

    storage: Optional[Storage]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    width: int
    parameter: Optional[bool] = None
    trainable: Optional[bool] = None


def _dictionary(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    pairs = arguments[0] if arguments and isinstance(arguments[0], (list, tuple)) else ()
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and isinstance(pair[0], (str, int))}


def _first(arguments: tuple[Any, ...]) -> Any:
    return arguments[0] if arguments else None


def _storage(value: Any) -> Storage:
    kind, key, _, elements = value.key[1:5] if isinstance(value, Persistent) and value.key[0] == "storage" else ()
    width = _WIDTHS.get(kind.name.rpartition(".")[2].replace("Storage", "")) if isinstance(kind, Named) else None
    if width is None or not isinstance(key, str) or type(elements) is not int or elements < 0:
        raise ValueError("a storage of an unknown kind")
    return Storage(key, elements, width)


def _tensor(arguments: tuple[Any, ...]) -> Tensor:
    place, offset, shape, strides, *rest = arguments
    storage = _storage(place)
    return _within(storage, offset, checked(shape, "a tensor"), checked(strides, "a tensor"), storage.width, rest)


def _tensor_of_dtype(arguments: tuple[Any, ...]) -> Tensor:
    place, offset, shape, strides, wanted, _, dtype, *_ = arguments
    width = _DTYPES.get(dtype.name.rpartition(".")[2], 0) if isinstance(dtype, Named) else 0
    return _within(_storage(place), offset, checked(shape, "a tensor"), checked(strides, "a tensor"), width, [wanted])


def _within(
    storage: Storage, offset: Any, shape: tuple[int, ...], strides: tuple[int, ...], width: int, rest: list[Any]
) -> Tensor:
    """A tensor that lies within its storage."""
    if type(offset) is not int or offset < 0 or len(shape) != len(strides) or width == 0:
        raise ValueError("a tensor without a place")
    last = offset + 1 + sum((n - 1) * step for n, step in zip(shape, strides))
    if 0 not in shape and last * width > storage.elements * storage.width:
        got, most = (
            f"{'×'.join(map(str, shape)) or 'a scalar'}, up to element {last:,}",
            storage.elements * storage.width // width,
        )
        raise UnreadableError("a tensor of this file is larger than its storage", got=got, expected=f"{most:,} elements")
    return Tensor(storage, offset, shape, strides, width, trainable=True if rest and rest[0] is True else None)


def _quantised(arguments: tuple[Any, ...]) -> Tensor:
    return _tensor(arguments[:4])


def _meta(arguments: tuple[Any, ...]) -> Tensor:
    _, shape, strides, *_ = arguments
    return Tensor(None, 0, checked(shape, "a tensor"), checked(strides, "a tensor"), 1)


def _parameter(arguments: tuple[Any, ...]) -> Any:
    tensor, trainable, *_ = arguments
    return tensor._replace(parameter=True, trainable=trainable is True) if isinstance(tensor, Tensor) else tensor


def _nothing(arguments: tuple[Any, ...]) -> None:
    """A value that is no tensor, and whose number does not matter."""


_RECORDED: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "collections.OrderedDict": _dictionary,
    "builtins.dict": _dictionary,
    "__builtin__.dict": _dictionary,
    "builtins.set": _first,
    "torch.Size": _first,
    "torch.device": _nothing,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_dtype,
    "torch._utils._rebuild_qtensor": _quantised,
    "torch._utils._rebuild_meta_tensor_no_storage": _meta,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.jit._pickle.build_intlist": _first,
    "torch.jit._pickle.build_doublelist": _first,
    "torch.jit._pickle.build_boollist": _first,
    "torch.jit._pickle.build_tensorlist": _first,
    "torch.jit._pickle.restore_type_tag": _first,
    "numpy.core.multiarray.scalar": _nothing,
    "numpy._core.multiarray.scalar": _nothing,
    "numpy.dtype": _nothing,
    "_codecs.encode": _nothing,
    **{f"torch.{name}Storage": _nothing for name in _WIDTHS},
    **{f"torch.cuda.{name}Storage": _nothing for name in _WIDTHS},
    **{f"torch.storage.{name}Storage": _nothing for name in _WIDTHS},
    **{f"torch.{name}": _nothing for name in (*_DTYPES, "per_tensor_affine", "per_channel_affine")},
}


def allowed(name: str) -> Optional[pickles.Recorder]:
    """What state dicts are made of."""
    return _RECORDED.get(name)


def allowed_in_scripts(name: str) -> Optional[pickles.Recorder]:
    """The same, and the classes of a script: their code lies in the archive, as text, and is not run."""
    if name.startswith("__torch__."):
        return lambda arguments: Noted(name[len("__torch__.") :], arguments, [])
    return _RECORDED.get(name)


class _Found:
    """The tensors in what a pickle said, by their place in it. What an optimiser keeps is set apart."""

    def __init__(self, said: pickles.Said) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.storages: dict[str, Storage] = {}
        self.kinds: dict[str, str] = {}
        self.left_out = 0
        self._noted = 0
        self._barren: set[int] = set()  # what holds no tensors need not be seen twice
        self._left = said.steps + 1
        self._walk("", said.value if isinstance(said.value, (dict, list, tuple)) else (), 0, True)

    def _walk(self, path: str, value: Any, depth: int, counted: bool) -> None:
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            got = f"more than {DEEPEST} levels" if depth > DEEPEST else "the same parts again and again"
            raise UnreadableError("what this pickle holds is no state dict", got=got)
        if isinstance(value, Tensor):
            self._note(path, value, counted)
            return
        if isinstance(value, (Named, Persistent)):
            return
        if isinstance(value, Noted):
            self.kinds[path] = value.what.rpartition(".")[2]
            value = next((state for state in value.state if isinstance(state, dict)), {})
        if isinstance(value, dict) and set(value) == _OPTIMISER:
            counted = False
        before = self._noted
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(item, (dict, list, tuple)) and id(item) not in self._barren:
                self._walk(f"{path}.{key}" if path else str(key), item, depth + 1, counted)
        if self._noted == before:
            self._barren.add(id(value))

    def _note(self, path: str, tensor: Tensor, counted: bool) -> None:
        self._noted += 1
        if tensor.storage is not None:
            self.storages[tensor.storage.key] = tensor.storage
        if counted:
            self.tensors[path or "tensor"] = tensor
        else:
            self.left_out += 1

    def contents(self, form: str) -> Contents:
        """As a file's contents; where all tensors stand under one key (``state_dict``), that key is left away."""
        first = {name.partition(".")[0] for name in self.tensors}
        wrapper = f"{first.pop()}." if len(first) == 1 and form == "state dict" else ""
        wrapped = bool(wrapper) and all("." in name[len(wrapper) :] for name in self.tensors)
        cut = len(wrapper) if wrapped and wrapper[:-1] in _WRAPPERS else 0
        notes = [f"what stands under {wrapper[:-1]!r}"] if cut else []
        notes += self._views()
        told = [_told(name[cut:], tensor) for name, tensor in self.tensors.items()]
        return Contents(form, told, "", self.kinds, tuple(notes), left_out=self.left_out)

    def _views(self) -> list[str]:
        """Storages that several tensors share without being the same."""
        views: dict[str, dict[str, str]] = {}
        for name, tensor in self.tensors.items():
            if tensor.storage is not None:
                views.setdefault(tensor.storage.key, {}).setdefault(_identity(tensor), name)
        shared = [list(names.values()) for names in views.values() if len(names) > 1]
        return [f"{', '.join(names[:4])} are parts of one storage, and counted each for itself" for names in shared[:4]]


_WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "params", "weights")


def _told(name: str, tensor: Tensor) -> Stored:
    buffer = False if tensor.parameter or tensor.trainable else None
    return Stored(name, tensor.shape, _identity(tensor), buffer, tensor.trainable)


def _identity(tensor: Tensor) -> str:
    if tensor.storage is None:
        return ""
    return f"{tensor.storage.key} {tensor.offset} {tensor.shape} {tensor.strides} {tensor.width}"


def of_archive(archive: Archive) -> Contents:
    """A zip that ``torch.save`` or ``torch.jit.save`` wrote."""
    root = next(name for name in archive.sizes if name.rpartition("/")[2] == "data.pkl")[: -len("data.pkl")]
    script = f"{root}constants.pkl" in archive
    said = pickles.from_bytes(archive.read(f"{root}data.pkl", pickles.LARGEST), allowed_in_scripts if script else allowed)
    found = _Found(said)
    for storage in found.storages.values():
        _held(storage, archive.sizes.get(f"{root}data/{storage.key}"))
    return found.contents("TorchScript" if script else "state dict")


def _held(storage: Storage, size: Optional[int]) -> None:
    """Raise `UnreadableError` unless the file has as many bytes as a storage claims."""
    needed = storage.elements * storage.width
    if size is None or needed > size:
        got = "none" if size is None else f"{size:,} bytes"
        raise UnreadableError(
            f"the storage {storage.key[:40]!r} is not as large as it claims", got=got, expected=f"{needed:,} bytes"
        )


def of_legacy(path: Name) -> Contents:
    """A file that ``torch.save`` wrote before PyTorch 1.6: pickles one after another, then the storages."""
    with reading(path), open_regular(path) as file:
        for _ in range(3):
            pickles.read(file, allowed)  # the magic number, the version, the machine's word sizes
        found = _Found(pickles.read(file, allowed))
        _held_in_turn(file, pickles.read(file, allowed).value, found.storages)
    return found.contents("state dict")


def _held_in_turn(file: BinaryIO, keys: Any, storages: dict[str, Storage]) -> None:
    """Each storage is its number of elements, then they."""
    size, position, held = os.fstat(file.fileno()).st_size, file.tell(), set()
    for key in keys if isinstance(keys, list) else ():
        file.seek(position)
        elements = int.from_bytes(file.read(8), "little")
        storage = storages.get(key) if isinstance(key, str) else None
        if storage is None:
            raise UnreadableError("a storage of this file belongs to no tensor", got=str(key)[:40])
        claimed, left = elements * storage.width, size - position - 8
        _held(storage._replace(elements=max(elements, storage.elements)), min(claimed, left))
        position += 8 + claimed
        held.add(key)
    for key in storages.keys() - held:
        _held(storages[key], None)
