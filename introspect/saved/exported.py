"""``.pt2``, as ``torch.export.save`` writes it: its JSON lists parameters and buffers; nothing is unpickled."""

from __future__ import annotations

from math import prod
from typing import Any, Optional

from ..errors import UnreadableError
from ..files import parse_json
from .archives import Archive
from .tensors import Contents, Stored, checked

LARGEST_JSON = 256 * 2**20
_BITS = (0, 8, 8, 16, 32, 64, 16, 32, 64, 32, 64, 128, 8, 16, 16)  # by the number of torch's ScalarType in the schema
_OLD = "serialized_exported_program.json"  # PyTorch 2.1 to 2.7
_WEIGHTS = "data/weights/model_weights_config.json"


def model_of(archive: Archive) -> Optional[str]:
    """The member that holds the program's graph; None where this is no exported program."""
    for name in archive.sizes:
        if f"/{name}".endswith((f"/{_OLD}", "/models/model.json")):
            return name
    return None


def contents(archive: Archive) -> Contents:
    """The parameters and buffers of the program, by the signature of its graph."""
    name = model_of(archive) or ""
    program = _object(parse_json(archive.text(name, LARGEST_JSON), name))
    module = _object(program.get("graph_module"))
    metas = _object(_object(module.get("graph")).get("tensor_values"))
    weights = _weights(archive, name)
    found = []
    for given in _list(_object(module.get("signature")).get("input_specs")):
        told = _told(_object(given), metas, weights)
        if told is not None:
            found.append(told)
    version = program.get("torch_version")
    return Contents("exported program", found, version if isinstance(version, str) else "", _kinds(module))


def _told(given: dict[str, Any], metas: dict[str, Any], weights: dict[str, Any]) -> Optional[Stored]:
    """A parameter or buffer among a graph's inputs; None for any other input."""
    (kind, said), *_ = [*given.items(), ("", None)]
    if kind not in ("parameter", "buffer"):
        return None
    spec = _object(said)
    name, argument = spec.get(f"{kind}_name"), _object(spec.get("arg")).get("name")
    if not isinstance(name, str) or not isinstance(argument, str) or argument not in metas:
        raise UnreadableError("a parameter of this exported program has no shape", got=str(name)[:80])
    meta = _object(metas[argument])
    shape = _shape(meta, name)
    entry = weights.get(name)
    if entry is not None and _shape(_object(_object(entry).get("tensor_meta")), name) != shape:
        raise UnreadableError(f"{name[:80]!r} has one shape in the graph and another among the weights", got=shape)
    place = _object(entry).get("path_name") if entry is not None else ""
    return Stored(name, shape, place if isinstance(place, str) else "", kind == "buffer", meta.get("requires_grad") is True)


def _shape(meta: dict[str, Any], name: str) -> tuple[int, ...]:
    return checked([_object(dim).get("as_int") for dim in _list(meta.get("sizes"))], name)


def _weights(archive: Archive, model: str) -> dict[str, Any]:
    """What the archive says of the numbers themselves, where it keeps them one by one; each as large as it claims."""
    root = model[: -len("models/model.json")] if model.endswith("models/model.json") else None
    if root is None or root + _WEIGHTS not in archive:
        return {}
    entries = _object(_object(parse_json(archive.text(root + _WEIGHTS, LARGEST_JSON), root + _WEIGHTS)).get("config"))
    for name, entry in entries.items():
        _held(archive, root, name, _object(entry))
    return entries


def _held(archive: Archive, root: str, name: str, entry: dict[str, Any]) -> None:
    meta, place = _object(entry.get("tensor_meta")), entry.get("path_name")
    dtype = meta.get("dtype")
    bits = _BITS[dtype] if type(dtype) is int and 0 < dtype < len(_BITS) else None
    size = archive.sizes.get(f"{root}data/weights/{place}")
    if size is None:
        raise UnreadableError(f"the numbers of {name[:80]!r} are missing", expected=f"data/weights/{str(place)[:80]}")
    elements = prod(_shape(meta, name))
    if bits is not None and elements * bits > size * 8:
        got, expected = f"{size:,} bytes in the file", f"{elements * bits // 8:,} bytes"
        raise UnreadableError(f"{name[:80]!r} is not as large as it claims", got=got, expected=expected)


def _kinds(module: dict[str, Any]) -> dict[str, str]:
    """The class of the module at each path, as the calls of the graph tell it: ``key,path,class;…``."""
    found: dict[str, str] = {}
    for node in _list(_object(module.get("graph")).get("nodes")):
        stack = _object(_object(node).get("metadata") or {}).get("nn_module_stack")
        for part in stack.split(";") if isinstance(stack, str) else ():
            _, path, kind, *_ = [*part.split(","), "", ""]
            if path and kind:
                found[path] = kind.rpartition(".")[2]
    return found


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableError("an exported program is damaged", got=type(value).__name__, expected="an object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise UnreadableError("an exported program is damaged", got=type(value).__name__, expected="a list")
    return value
