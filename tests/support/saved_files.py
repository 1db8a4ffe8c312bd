"""Files of every kind that is read without a framework, put together byte by byte; and what a hostile hand can make of them."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Mapping
from functools import cache
from math import prod
from typing import Any

from introspect.demo import on_paper

Shapes = Mapping[str, tuple[int, ...]]
SHAPES: Shapes = {"conv.weight": (4, 1, 3, 3), "conv.bias": (4,), "fc.weight": (2, 4), "fc.bias": (2,)}
PARAMS = sum(map(prod, SHAPES.values()))


def safetensors(header: Any, data: bytes) -> bytes:
    """A safetensors file of any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors_header(shapes: Shapes = SHAPES) -> dict[str, Any]:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    reached = 0
    for name, shape in shapes.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [reached, reached + 4 * prod(shape)]}
        reached += 4 * prod(shape)
    return header


def npy(shape: Any, descr: str = "<f4", data: bytes | None = None, version: int = 1) -> bytes:
    """NumPy's format, as its documentation has it."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + (bytes(4 * prod(shape)) if data is None else data)


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def text(value: str) -> bytes:
    """The opcode for a string."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: Any) -> bytes:
    """The opcodes for a number, or a tuple of them."""
    return pickle.dumps(value, 2)[2:-1].replace(b"q\x00", b"")


def named(name: str) -> bytes:
    """The opcode that names a class or function."""
    module, _, last = name.rpartition(".")
    return b"c" + module.encode() + b"\n" + last.encode() + b"\n"


def tensor(key: str, shape: tuple[int, ...], elements: int | None = None, legacy: bool = False) -> bytes:
    """The opcodes for one tensor, as ``torch.save`` writes them."""
    strides = tuple(prod(shape[i + 1 :]) for i in range(len(shape)))
    count = prod(shape) if elements is None else elements
    place = b"(" + text("storage") + named("torch.FloatStorage") + text(key) + text("cpu") + number(count)
    place += (b"N" if legacy else b"") + b"tQ"
    hooks = named("collections.OrderedDict") + b")R"
    return (
        named("torch._utils._rebuild_tensor_v2")
        + b"("
        + place
        + number(0)
        + number(shape)
        + number(strides)
        + b"\x89"
        + hooks
        + b"tR"
    )


def pickled(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


def mapping(items: Mapping[str, bytes]) -> bytes:
    """The opcodes for a dict."""
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def state_dict(shapes: Shapes = SHAPES) -> bytes:
    """As ``torch.save(model.state_dict(), path)`` does."""
    body = mapping({name: tensor(str(i), shape) for i, (name, shape) in enumerate(shapes.items())})
    data = {f"archive/data/{i}": bytes(4 * prod(shape)) for i, shape in enumerate(shapes.values())}
    return torch_zip(body, data)


def torch_zip(body: bytes, data: Mapping[str, bytes]) -> bytes:
    return zipped({"archive/data.pkl": pickled(body), "archive/version": b"3\n", **data})


def legacy(shapes: Shapes = SHAPES) -> bytes:
    """As ``torch.save`` did before PyTorch 1.6."""
    head = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e") + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    body = mapping({name: tensor(str(i), shape, legacy=True) for i, (name, shape) in enumerate(shapes.items())})
    keys = pickle.dumps([str(i) for i in range(len(shapes))], 2)
    data = b"".join(struct.pack("<q", prod(shape)) + bytes(4 * prod(shape)) for shape in shapes.values())
    return head + pickled(body) + keys + data


def exported(shapes: Shapes = SHAPES) -> bytes:
    """As ``torch.export.save`` does: the parts of it that are read."""

    def meta(shape: tuple[int, ...]) -> dict[str, Any]:
        return {"dtype": 7, "sizes": [{"as_int": n} for n in shape], "requires_grad": True}

    specs = [{"parameter": {"arg": {"name": f"p_{i}"}, "parameter_name": name}} for i, name in enumerate(shapes)]
    graph = {"nodes": [], "tensor_values": {f"p_{i}": meta(shape) for i, shape in enumerate(shapes.values())}}
    program = {"graph_module": {"graph": graph, "signature": {"input_specs": specs}}, "torch_version": "2.13.0"}
    config = {
        name: {"path_name": f"weight_{i}", "is_param": True, "tensor_meta": meta(shape)}
        for i, (name, shape) in enumerate(shapes.items())
    }
    return zipped({
        "m/models/model.json": json.dumps(program).encode(),
        "m/data/weights/model_weights_config.json": json.dumps({"config": config}).encode(),
        **{f"m/data/weights/weight_{i}": bytes(4 * prod(shape)) for i, shape in enumerate(shapes.values())},
    })  # fmt: skip


def npz(shapes: Shapes = SHAPES, compression: int = zipfile.ZIP_STORED) -> bytes:
    return zipped({f"{name}.npy": npy(shape) for name, shape in shapes.items()}, compression)


def explanation() -> bytes:
    from introspect import explain

    return explain(on_paper()).to_json().encode()


@cache
def valid() -> dict[str, bytes]:
    """A file of each kind, by a name that says nothing of it."""
    return {
        "safetensors": safetensors(safetensors_header(), bytes(4 * PARAMS)), "npz": npz(),
        "npz_deflated": npz(compression=zipfile.ZIP_DEFLATED), "npy": npy((3, 5)), "state_dict": state_dict(),
        "legacy": legacy(), "exported": exported(), "explanation": explanation(),
    }  # fmt: skip
