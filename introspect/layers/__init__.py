"""The laws, one family of layers a file."""

from .activation import Activation, PReLU
from .attention import MultiHeadAttention, ScaledDotProduct
from .base import Connections, Shape, Spec, Tensor, Term, axis_suffixes, kernel_axes
from .basic import Container, Identity, Input, Opaque
from .conv import Conv, DepthwiseConv, SeparableConv
from .custom_recurrent import CustomRecurrent
from .dense import Bilinear, Dense, Highway, MaxoutDense
from .distributed import TimeDistributed
from .embedding import Embedding
from .local import LocallyConnected
from .merge import Concatenate, Elementwise, MatMul, Stack, broadcast
from .noise import Noise
from .norm import (
    BatchNorm,
    DataNormalization,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    RMSNorm,
    ScaleShift,
    Standardization,
)
from .pool import AdaptivePool, FeaturePool, GlobalPool, Pool
from .recurrent import Recurrent
from .reshape import Expand, Flatten, Index, Pad, Permute, Reduce, Repeat, Reshape, Slice, Split, Tile, Upsample
from .sampling import Inverse, PyramidPool, SpatialTransformer
from .transposed import TransposedConv
from .window import windows

__all__ = [
    "Activation", "AdaptivePool", "BatchNorm", "Bilinear", "Concatenate", "Connections", "Container", "Conv",
    "CustomRecurrent", "DataNormalization", "Dense", "DepthwiseConv", "Elementwise", "Embedding", "Expand", "FeaturePool",
    "Flatten", "GlobalPool", "GroupNorm", "Highway", "Identity", "Index", "Input", "InstanceNorm", "Inverse", "LayerNorm",
    "LocallyConnected", "MatMul", "MultiHeadAttention", "MaxoutDense", "Noise", "Opaque", "PReLU", "Pad", "Permute",
    "Pool", "PyramidPool", "RMSNorm", "Recurrent", "Reduce", "Repeat", "Reshape", "ScaleShift", "ScaledDotProduct",
    "SeparableConv", "Shape", "Slice", "SpatialTransformer", "Spec", "Split", "Stack", "Standardization", "Tensor",
    "Term", "Tile", "TimeDistributed", "TransposedConv", "Upsample", "axis_suffixes", "broadcast", "kernel_axes",
    "windows",
]  # fmt: skip
