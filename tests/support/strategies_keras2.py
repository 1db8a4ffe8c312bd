"""Configurations and input shapes for layers that tf.keras 2 has and Keras 3 has not, mostly acceptable, now and then not."""

from __future__ import annotations

from hypothesis import strategies as st
from strategies_keras import ACTIVATIONS, BATCH, FORMATS, SMALL, Case, Draw


@st.composite
def local_convolutions(draw: Draw) -> Case:
    """Each way in which a kernel is stored; only the first asks for `valid`."""
    rank, data_format = draw(st.integers(1, 2)), draw(FORMATS)
    fields = {
        "filters": draw(SMALL),
        "kernel_size": tuple(draw(SMALL) for _ in range(rank)),
        "strides": tuple(draw(st.integers(1, 3)) for _ in range(rank)),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "implementation": draw(st.sampled_from([1, 2, 2, 3, 3])),
        "data_format": data_format,
        "use_bias": draw(st.booleans()),
        "activation": draw(ACTIVATIONS),
    }
    spatial = tuple(draw(st.integers(2, 7)) for _ in range(rank + draw(st.sampled_from([0] * 9 + [1]))))
    sample = (*spatial, draw(SMALL)) if data_format == "channels_last" else (draw(SMALL), *spatial)
    return Case(f"LocallyConnected{rank}D", fields, ((draw(BATCH), *sample),))
