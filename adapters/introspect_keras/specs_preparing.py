"""Keras 3's preprocessing layers: from a layer's configuration to its law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from introspect.layers import Encoding, Identity, ImageSize, MelSpectrogram, Noise, Spectrogram, Tokens

from .stored import CHANNELS, Law, Stored, Table, chosen

_AUGMENTATIONS = (
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear", "RandomPerspective", "RandomErasing",
    "RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomGaussianBlur",
    "RandomColorDegeneration", "RandomColorJitter", "RandomElasticTransform", "RandomGrayscale", "RandomInvert",
    "RandomPosterization", "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Equalization",
    "RandAugment", "Solarization", "MixUp", "CutMix",
)  # fmt: skip


def _augmentation(layer: Any) -> Law:
    return Law(Noise("augmentation", None))


def _image_size(layer: Any) -> Law:
    layout = str(chosen(CHANNELS, getattr(layer, "data_format", "channels_last"), "data format"))
    return Law(ImageSize((int(layer.height), int(layer.width)), layout, type(layer).__name__))


def _stretched(side: int) -> Callable[[Any], Law]:
    """One side of an image, of a size that is drawn for each batch."""
    return lambda layer: Law(ImageSize(("drawn", "kept") if side == 0 else ("kept", "drawn"), mode=type(layer).__name__))


def _categories(layer: Any) -> Law:
    return Law(Encoding(int(layer.num_tokens), str(layer.output_mode)))


def _encoded(mode: Any, depth: Optional[int]) -> Law:
    return Law(Identity() if mode == "int" else Encoding(depth, str(mode)))


def _vocabulary(layer: Any) -> Optional[int]:
    """How many words there are, where the configuration says it; a vocabulary that `adapt` is to learn may be of any size."""
    size = layer.max_tokens if layer.pad_to_max_tokens else getattr(layer, "_frozen_vocab_size", None)
    return None if size is None else int(size)


def _looked_up(layer: Any) -> Law:
    return _encoded(layer.output_mode, _vocabulary(layer))


def _hashed(layer: Any) -> Law:
    return _encoded(layer.output_mode, int(layer.num_bins))


def _bins(layer: Any) -> Law:
    return _encoded(layer.output_mode, layer.num_bins if layer.bin_boundaries is None else len(layer.bin_boundaries) + 1)


def _tokens(layer: Any) -> Optional[Law]:
    words = getattr(layer, "_lookup_layer", None)
    if words is None:
        return None  # the first versions of Keras 2 have it otherwise
    spec = Tokens(
        split=layer._split is not None,
        length=layer._output_sequence_length,
        ragged=bool(getattr(layer, "_ragged", False)),
        joined=layer._ngrams is not None,
        mode=str(layer._output_mode),
        depth=None if layer._output_mode == "int" else _vocabulary(words),
    )
    return Law(spec)


def _mel(layer: Any) -> Law:
    return Law(MelSpectrogram(int(layer.num_mel_bins), int(layer.sequence_stride)))


def _spectrogram(layer: Any) -> Law:
    parts = {"imag": ("imag",), "real": ("real",)}.get(layer.mode, ("real", "imag"))
    spec = Spectrogram(
        int(layer.frame_length),
        int(layer._frame_step),
        int(layer._fft_length) // 2 + 1,
        parts,
        stacked=layer.mode == "stft",
        expand=bool(layer.expand_dims),
        padding=str(layer.padding),
        channels=str(chosen(CHANNELS, layer.data_format, "data format")),
    )
    return Law(spec, tuple(Stored(f"{part}_kernel", (f"{part}_kernel",), "k in out") for part in parts))


PREPARING: Table = {
    **dict.fromkeys(_AUGMENTATIONS, _augmentation),
    "Resizing": _image_size, "CenterCrop": _image_size, "RandomCrop": _image_size,
    "RandomHeight": _stretched(0), "RandomWidth": _stretched(1),
    "CategoryEncoding": _categories, "IntegerLookup": _looked_up, "StringLookup": _looked_up,
    "Hashing": _hashed, "HashedCrossing": _hashed, "Discretization": _bins, "TextVectorization": _tokens,
    "MelSpectrogram": _mel, "STFTSpectrogram": _spectrogram,
}  # fmt: skip
