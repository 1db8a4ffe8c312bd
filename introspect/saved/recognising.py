"""What kind of file it is: by what stands in it, never by what it is called."""

from __future__ import annotations

from typing import Optional

from ..errors import UnreadableError
from ..files import Name, open_regular, reading
from . import archives, arrays, exported, torch_files

JSON, SAFETENSORS, NPY, NPZ, TORCH, TORCH_LEGACY, EXPORTED, KERAS, HDF5, PICKLE = (
    "JSON", "safetensors", "npy", "npz", "torch", "torch before 1.6", "exported program", "keras", "HDF5", "pickle",
)  # fmt: skip
_KNOWN = (
    "an explanation or baseline (JSON), .safetensors or its index, .npz, .npy, what torch.save, torch.jit.save or "
    "torch.export.save wrote, .keras, .h5"
)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_FOREIGN = {
    b"GGUF": "GGUF", b"\x08\x03\x12": "ONNX", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd",
    b"MZ": "a program", b"\x7fELF": "a program", b"#!": "a script", b"Rar!": "RAR", b"7z\xbc\xaf": "7z",
}  # fmt: skip


def kind_of(path: Name) -> str:
    """One of the kinds above. Raises `UnreadableError` for anything else, naming it where it is known."""
    with reading(path), open_regular(path) as file:
        start = file.read(512)
        kind = _by_start(start)
    if kind is None:
        with archives.opened(path) as archive:
            kind = _by_members(archive)
    return kind


def _by_start(start: bytes) -> Optional[str]:
    """None for a zip file, whose members tell more."""
    if start[:2] == b"PK":
        return None
    if start.startswith(arrays.MAGIC):
        return NPY
    if start.startswith(_HDF5):
        return HDF5
    if start.startswith(torch_files.LEGACY_MAGIC):
        return TORCH_LEGACY
    if start[8:9] == b"{" and not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return SAFETENSORS
    if start[:1] == b"\x80" and start[1:2] in b"\x00\x01\x02\x03\x04\x05":
        return PICKLE
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return JSON
    foreign = next((name for magic, name in _FOREIGN.items() if start.startswith(magic)), None)
    got = "an empty file" if not start else foreign or f"a file that begins with {start[:8]!r}"
    raise UnreadableError("this is no file that can be read", got=got, expected=_KNOWN)


def _by_members(archive: archives.Archive) -> str:
    names = list(archive.sizes)
    if exported.model_of(archive) is not None:
        return EXPORTED
    if "config.json" in archive and ("metadata.json" in archive or any(n.startswith("model.weights.") for n in names)):
        return KERAS
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        return TORCH
    if any(name.endswith(".npy") for name in names):
        return NPZ
    got = f"a zip file of {len(names):,}: {', '.join(names[:4])[:200]}" if names else "an empty zip file"
    raise UnreadableError("this is no file that can be read", got=got, expected=_KNOWN)
