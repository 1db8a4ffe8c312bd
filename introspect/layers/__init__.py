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
from .loss import (
    AdaptiveSoftmax,
    ClassificationLoss,
    CosineEmbeddingLoss,
    CTCLoss,
    ElementwiseLoss,
    GaussianLoss,
    LinearCrossEntropy,
    MarginLoss,
    TripletLoss,
)
from .merge import Concatenate, Einsum, Elementwise, MatMul, Stack, broadcast
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
from .patches import ChannelShuffle, PixelShuffle, Unfold
from .pool import AdaptivePool, FeaturePool, GlobalPool, Pool
from .recurrent import Recurrent, RecurrentCell
from .reshape import Expand, Flatten, Pad, Permute, Reduce, Repeat, Reshape, Tile, Upsample
from .sampling import Inverse, PyramidPool, SpatialTransformer
from .slicing import Index, Slice, Split
from .transposed import TransposedConv
from .window import windows

__all__ = [
    "Activation", "AdaptivePool", "AdaptiveSoftmax", "BatchNorm", "Bilinear", "CTCLoss", "ChannelShuffle",
    "ClassificationLoss", "Concatenate", "Connections", "Container", "Conv", "CosineEmbeddingLoss", "CustomRecurrent",
    "DataNormalization", "Dense", "DepthwiseConv", "Einsum", "Elementwise", "ElementwiseLoss", "Embedding", "Expand",
    "FeaturePool", "Flatten", "GaussianLoss", "GlobalPool", "GroupNorm", "Highway", "Identity", "Index", "Input",
    "InstanceNorm", "Inverse", "LayerNorm", "LinearCrossEntropy", "LocallyConnected", "MarginLoss", "MatMul", "MaxoutDense",
    "MultiHeadAttention", "Noise", "Opaque", "PReLU", "Pad", "Permute", "PixelShuffle", "Pool", "PyramidPool", "RMSNorm",
    "Recurrent", "RecurrentCell", "Reduce", "Repeat", "Reshape", "ScaleShift", "ScaledDotProduct", "SeparableConv", "Shape",
    "Slice", "SpatialTransformer", "Spec", "Split", "Stack", "Standardization", "Tensor", "Term", "Tile", "TimeDistributed",
    "TransposedConv", "TripletLoss", "Unfold", "Upsample", "axis_suffixes", "broadcast", "kernel_axes", "windows",
]  # fmt: skip
