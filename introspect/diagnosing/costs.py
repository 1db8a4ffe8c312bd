"""How simple a reason is: what makes it dearer, in one table. The cheapest reason that yields the claim comes first.

The unit is a feeling, not a probability: 1 is what happens every day, 3 what happens now and then, 5 what nobody expects. Two
changes cost what both cost, and `PAIR` more. A change of all layers of a kind is how frameworks differ; of one odd layer among
many it is not. A hyper-parameter costs more the less usual its new value is (:func:`of_value`).
"""

from __future__ import annotations

PAIR = 1.5  # that two things went wrong at once
SIMPLE = 1.5  # where a reason is as simple as this, single layers are not gone through
ENOUGH = 2.4  # a single reason up to here is believed, and no pair is looked for
ODD_ONE = 1.5  # one layer among others of its kind, for what is usually done to all of them
LOOSE = 0.8  # a hyper-parameter solved for, where the claim is rounded: something always fits
SHOWN = 3.0  # reasons that cost this much more than the first are no help

# reading the claim
BYTES_FOR_ELEMENTS = 3.5
ROUND_NUMBER = (2.6, 2.0, 1.3, 0.8, 0.5)  # for three zeros at its end, four, …: a number with all digits that was rounded
BINARY, BINARY_BYTES, CUT_OFF = 1.2, 0.3, 0.8
WIDTHS = {4: 0.0, 2: 0.8, 1: 1.5, 8: 1.5}  # bytes an element: single precision, half, a byte, double

# what was counted
TRAINABLE = 0.9  # the untrained left out, or frozen layers taken for absent
STATE = 1.0  # with buffers: running statistics and counters
STATISTICS = 0.9  # running statistics in or out
COUNTER = 1.5
WEIGHTS = 1.4  # biases left out
OTHER_QUANTITY = 1.6
OPTIMIZER = {"adam": 1.8, "sgd": 2.4, "plain": 2.8, "rmsprop": 2.6, "torch": 2.8}
EDGES = 1.8  # every use of a weight counted: weight sharing ignored
DEFINITION = 1.0  # another definition of a neuron
INPUT_COUNTED = 1.6

PACKED, SHARDED = 2.2, 2.5
PACKED_NOW = 0.8  # of what is packed, as the framework itself counts it
QUANTISED = 1.3  # the same model in other bits

# slips
TIED_TWICE = 0.9
SHARED_AGAIN = 0.9
BARE = 1.3  # parameters that no layer's hook sees
NEVER_CALLED = 1.3
EMBEDDING_LEFT_OUT = 1.6
HEAD_LEFT_OUT = 1.4
TOP_LEFT_OUT = 1.6
NAMED_LEFT_OUT = 1.8  # a module called aux, or a block of its own
LEFT_OUT = 3.4  # any layer or block
COUNTED_TWICE = 4.0
INPUT_CHANNELS = 1.2
ONE_BIAS_AN_INPUT = 2.0
KERNEL_FORGOTTEN = 2.6
FACTOR_FORGOTTEN = 3.4

# conventions, by their code; any other
CONVENTION = 1.6
CONVENTIONS = {
    "running_statistics": 1.0, "second_recurrent_bias": 1.0, "reset_after": 1.1, "bias_before_batchnorm": 1.2, "peepholes": 1.2,
    "initial_states": 1.3, "groups_ignored": 1.1, "bias": 1.5, "batchnorm_counter": 1.3, "untied_bias": 2.0, "no_affine": 1.7,
    "no_gamma": 1.9, "no_beta": 1.8, "layernorm_extent": 1.9, "prelu_sharing": 1.2, "dense_flattens": 1.7, "pool_rounding": 1.8,
    "padding": 1.9, "directions": 1.6, "renormalization": 3.0, "per_location": 2.5, "projection": 1.6, "channelwise": 2.2,
}  # fmt: skip

# hyper-parameters, before the cost of their value
UNKNOWN = {
    "classes": 1.0, "vocabulary": 1.1, "input_channels": 1.2, "resolution": 1.4, "width": 1.9, "hidden_size": 1.8, "depth": 1.7,
    "kernel_size": 1.9, "filters": 1.7, "units": 1.7, "dimension": 1.6, "positions": 1.5, "all_kernels": 2.1, "cell": 1.8,
    "layers": 1.7, "sequence": 1.6, "stride": 2.3, "other": 2.2,
}  # fmt: skip
ONE_SIDE = 3.2
USUAL: dict[str, tuple[int, ...]] = {
    "classes": (2, 3, 5, 10, 20, 21, 50, 80, 91, 100, 101, 200, 365, 1000, 1001, 10000, 21841, 21843),
    "vocabulary": (500, 1000, 2000, 5000, 10000, 20000, 30000, 30522, 32000, 40478, 49408, 50000, 50257, 50265, 50304, 128256),
    "input_channels": (1, 3, 4),
    "resolution": (28, 32, 48, 64, 96, 112, 128, 160, 192, 224, 227, 240, 256, 260, 288, 299, 300, 320, 331, 380, 384, 448, 456,
                   512, 600),
    "positions": (50, 64, 77, 100, 128, 256, 512, 514, 1024, 2048),
    "kernel_size": (1, 2, 3, 5, 7, 9, 11),
    "all_kernels": (1, 3, 5, 7),
    "layers": (1, 2, 3, 4, 6),
    "stride": (1, 2, 3, 4),
}  # fmt: skip
_UNUSUAL = 0.6  # a value that is not among the usual ones, where there are such


def of_reading(scale: int, base: int, width: int, cut: bool) -> float:
    """Thousands cost nothing, 1024s a little (next to nothing for bytes), and so does cutting off."""
    binary = 0.0 if base == 1000 or scale == 1 else BINARY_BYTES if width else BINARY
    return binary + (CUT_OFF if cut else 0.0) + (WIDTHS[width] if width else 0.0)


def of_value(value: int, now: int, code: str = "") -> float:
    """What a value costs: nothing if it is usual, little if it is round or twice or half of what it was, else for every digit.

    >>> [of_value(n, 1000) for n in (2000, 64, 96, 11, 30)]
    [0.1, 0.0, 0.3, 1.2, 0.5]
    """
    if value in USUAL.get(code, ()):
        return 0.0
    digits = 0.5 + 0.7 * (len(str(value).rstrip("0")) - 1)
    odd = value // (value & -value) if value else 0
    bits = {1: 0.0, 3: 0.3, 5: 0.6, 7: 0.9}.get(odd, 9.0) if value >= 8 else 0.5
    ratio = 0.1 if value in (2 * now, now // 2) else 9.0
    return min(digits, bits, ratio, 4.0) + (_UNUSUAL if code in USUAL else 0.0)
