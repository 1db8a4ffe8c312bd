"""Keras 3's preprocessing layers: from a layer's configuration to its law."""

from __future__ import annotations

from typing import Any, Optional

from introspect.layers import Encoding, Identity, ImageSize, MelSpectrogram, Noise, Spectrogram

from .stored import CHANNELS, Law, Stored, Table, chosen

_AUGMENTATIONS = (
    "RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomShear", "RandomPerspective", "RandomErasing",
    "RandomBrightness", "RandomContrast", "RandomHue", "RandomSaturation", "RandomSharpness", "RandomGaussianBlur",
    "RandomColorDegeneration", "RandomColorJitter", "RandomElasticTransform", "RandomGrayscale", "RandomInvert",
    "RandomPosterization", "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Equalization",
    "RandAugment", "Solarization",
)  # fmt: skip


def _augmentation(layer: Any) -> Law:
    return Law(Noise("augmentation", None))


def _image_size(layer: Any) -> Law:
    layout = str(chosen(CHANNELS, getattr(layer, "data_format", "channels_last"), "data format"))
    return Law(ImageSize((int(layer.height), int(layer.width)), layout, type(layer).__name__))


def _categories(layer: Any) -> Law:
    return Law(Encoding(int(layer.num_tokens), str(layer.output_mode)))


def _looked_up(layer: Any) -> Optional[Law]:
    """How long the vectors are is known only where the configuration fixes it: a vocabulary can grow by `adapt`."""
    if layer.output_mode == "int":
        return Law(Identity())
    if not layer.pad_to_max_tokens or layer.max_tokens is None:
        return None
    return Law(Encoding(int(layer.max_tokens), str(layer.output_mode)))


def _hashed(layer: Any) -> Optional[Law]:
    if layer.output_mode == "int":
        return Law(Identity())
    return None if layer.output_mode == "one_hot" else Law(Encoding(int(layer.num_bins), str(layer.output_mode)))


def _crossed(layer: Any) -> Optional[Law]:
    return Law(Identity()) if layer.output_mode == "int" else Law(Encoding(int(layer.num_bins), str(layer.output_mode)))


def _bins(layer: Any) -> Optional[Law]:
    if layer.output_mode == "int":
        return Law(Identity())
    depth = layer.num_bins if layer.bin_boundaries is None else len(layer.bin_boundaries) + 1
    return Law(Encoding(int(depth), "one_hot")) if layer.output_mode == "one_hot" and depth is not None else None


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
    "CategoryEncoding": _categories, "IntegerLookup": _looked_up, "StringLookup": _looked_up,
    "Hashing": _hashed, "HashedCrossing": _crossed, "Discretization": _bins,
    "MelSpectrogram": _mel, "STFTSpectrogram": _spectrogram,
}  # fmt: skip
