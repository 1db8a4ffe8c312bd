"""Configurations and input shapes for Keras 3's layers that prepare data: categories, text, sound, pictures."""

from __future__ import annotations

import importlib.util
import inspect
from typing import Any

from hypothesis import strategies as st
from strategies_keras import BATCH, FORMATS, SIDE, SMALL, Case, Draw, Shape
from under_test_keras import keras, layers

NEED_TENSORFLOW = ("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization")
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
MODES = st.sampled_from(["int", "one_hot", "multi_hot", "count"])
WORDS = ["one", "two", "three"]


def there(*names: str) -> list[str]:
    """Those of the classes that this version of Keras has, and this environment what they need."""
    return [name for name in names if hasattr(layers, name) and (HAS_TENSORFLOW or name not in NEED_TENSORFLOW)]


def _numbers(draw: Draw, mode: str) -> Shape:
    """Up to three axes. Of more than two, Keras declares other vectors than it makes where there is one for several numbers."""
    most = 2 if mode in ("int", "one_hot") else 1
    return (draw(BATCH), *draw(st.lists(st.integers(1, 4), max_size=most)))


@st.composite
def categories(draw: Draw) -> Case:
    name = draw(st.sampled_from(there("CategoryEncoding", "Discretization", "Hashing", "HashedCrossing")))
    modes = {"CategoryEncoding": ["one_hot", "multi_hot", "count"], "HashedCrossing": ["int", "one_hot"]}
    mode = draw(st.sampled_from(modes[name]) if name in modes else MODES)
    shape, fields = _numbers(draw, mode), {"output_mode": mode}
    if name == "Hashing" and mode == "one_hot":
        shape = (shape[0], 1)  # of any other, Keras declares vectors of another number of axes than it makes
    if name == "CategoryEncoding":
        return Case(name, {**fields, "num_tokens": draw(SMALL)}, (shape,))
    if name == "Discretization":
        sized = {"bin_boundaries": [0.0, 1.0]} if draw(st.booleans()) else {"num_bins": draw(SMALL), "epsilon": 0.1}
        return Case(name, {**fields, **sized}, (shape,))
    if name == "HashedCrossing":
        return Case(name, {**fields, "num_bins": draw(SMALL)}, ((shape[0], 1),) * 2, dtype="int64")
    more = draw(st.sampled_from([{}, {"salt": 7}, {"mask_value": 0}]))
    return Case(name, {**fields, "num_bins": draw(SMALL), **more}, (shape,), dtype="int64")


@st.composite
def lookups(draw: Draw) -> Case:
    """With a vocabulary, or one that is still to be learned."""
    name = draw(st.sampled_from(there("IntegerLookup", "StringLookup")))
    mode = draw(st.sampled_from(["int", "one_hot", "multi_hot", "count", "tf_idf"]))
    fields: dict[str, Any] = {"output_mode": mode, "num_oov_indices": draw(st.integers(0, 2))}
    if draw(st.booleans()):
        fields["vocabulary"] = WORDS if name == "StringLookup" else [5, 6, 7]
        if mode == "tf_idf":
            fields["idf_weights"] = [0.1, 0.2, 0.3]
    if draw(st.booleans()):
        fields.update(max_tokens=draw(st.integers(2, 9)), pad_to_max_tokens=draw(st.booleans()))
    if mode == "int":
        fields["invert"] = draw(st.booleans())
    fields["mask_token"] = draw(st.sampled_from([None, WORDS[0] if name == "StringLookup" else 0]))
    kind = "string" if name == "StringLookup" else "int64"
    return Case(name, fields, (_numbers(draw, mode),), dtype="int64" if fields.get("invert") else kind)


@st.composite
def texts(draw: Draw) -> Case:
    mode = draw(st.sampled_from(["int", "one_hot", "multi_hot", "count"]))
    fields: dict[str, Any] = {"output_mode": mode, "split": draw(st.sampled_from(["whitespace", "character"]))}
    fields["standardize"] = draw(st.sampled_from([None, "lower", "strip_punctuation"]))
    if draw(st.booleans()):
        fields["vocabulary"] = WORDS
    if draw(st.booleans()):
        fields.update(max_tokens=draw(st.integers(3, 9)), pad_to_max_tokens=draw(st.booleans()))
    if draw(st.booleans()):
        fields["ngrams"] = draw(st.sampled_from([2, (2, 3)]))
    if mode == "int" and draw(st.booleans()):
        fields["output_sequence_length"] = draw(SIDE)
    if mode == "int" and "output_sequence_length" not in fields and keras.config.backend() == "tensorflow":
        fields["ragged"] = draw(st.booleans())
    if mode == "int" and draw(st.booleans()):
        fields["split"] = None
        return Case("TextVectorization", fields, ((draw(BATCH), draw(SIDE)),), dtype="string")
    least = 1 if mode == "int" else 0  # for vectors over words of a last axis of 1, Keras declares that axis as well
    return Case("TextVectorization", fields, ((draw(BATCH), *[1] * draw(st.integers(0, least))),), dtype="string")


AUGMENTATIONS: dict[str, dict[str, Any]] = {  # what each needs; of Equalization Keras makes no graph
    "AugMix": {}, "AutoContrast": {}, "ContrastLimitedAdaptiveHistogramEqualization": {}, "CutMix": {},
    "MaxNumBoundingBoxes": {"max_number": 3}, "MixUp": {}, "RandAugment": {}, "RandomBrightness": {"factor": 0.2},
    "RandomColorDegeneration": {"factor": 0.2}, "RandomColorJitter": {}, "RandomContrast": {"factor": 0.2},
    "RandomElasticTransform": {}, "RandomErasing": {}, "RandomFlip": {}, "RandomGaussianBlur": {}, "RandomGrayscale": {},
    "RandomHue": {"factor": 0.2}, "RandomInvert": {}, "RandomPerspective": {}, "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.2}, "RandomSaturation": {"factor": 0.2}, "RandomSharpness": {"factor": 0.2},
    "RandomShear": {}, "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2}, "RandomZoom": {"height_factor": 0.2},
    "Solarization": {},
}  # fmt: skip


@st.composite
def pictures(draw: Draw) -> Case:
    """One picture or several, in a dict with labels and boxes now and then."""
    name = draw(st.sampled_from(there(*AUGMENTATIONS)))
    fields = dict(AUGMENTATIONS[name])
    takes = inspect.signature(getattr(layers, name).__init__).parameters
    layout = "channels_last"
    if "data_format" in takes and draw(st.booleans()):
        layout = fields["data_format"] = draw(FORMATS)
    sides = (draw(SIDE), draw(SIDE))
    picture = (3, *sides) if layout == "channels_first" else (*sides, 3)
    return Case(name, fields, ((*(() if draw(st.booleans()) else (draw(BATCH),)), *picture),))


@st.composite
def sized_pictures(draw: Draw) -> Case:
    name = draw(st.sampled_from(there("Resizing", "CenterCrop", "RandomCrop")))
    fields: dict[str, Any] = {"height": draw(SMALL), "width": draw(SMALL), "data_format": draw(FORMATS)}
    if name == "Resizing":
        fields["interpolation"] = draw(st.sampled_from(["nearest", "bilinear", "bicubic"]))
        fields.update(draw(st.sampled_from([{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True}])))
    sides = (draw(SIDE), draw(SIDE))
    picture = (3, *sides) if fields["data_format"] == "channels_first" else (*sides, 3)
    return Case(name, fields, ((*(() if draw(st.booleans()) else (draw(BATCH),)), *picture),))


@st.composite
def spectrograms(draw: Draw) -> Case:
    if draw(st.booleans()):
        fields: dict[str, Any] = {"num_mel_bins": draw(SMALL), "fft_length": 64, "sequence_stride": draw(st.integers(8, 32))}
        if draw(st.booleans()):
            fields["sequence_length"] = draw(st.integers(16, 64))
        return Case("MelSpectrogram", fields, ((draw(BATCH), draw(st.integers(64, 200))),))
    data_format = draw(FORMATS)
    fields = {
        "mode": draw(st.sampled_from(["log", "magnitude", "phase", "real", "imag", "angle", "stft"])),
        "frame_length": 16,
        "frame_step": draw(st.integers(2, 8)),
        "fft_length": 32,
        "expand_dims": draw(st.booleans()),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": data_format,
    }
    samples, channels = draw(st.integers(8, 60)), draw(st.integers(1, 2))
    shape = (samples, channels) if data_format == "channels_last" else (channels, samples)
    return Case("STFTSpectrogram", fields, ((draw(BATCH), *shape),))
