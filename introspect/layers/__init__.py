"""The laws, one family of layers a file."""

from .activation import Activation, GatedLinear, PReLU
from .along import Along, Diagonal, Gather, IndexSelect, OneHot, SlidingView, TopK
from .attention import MultiHeadAttention, ScaledDotProduct
from .base import Connections, Shape, Spec, Tensor, Term, axis_suffixes, kernel_axes
from .basic import Container, Identity, Input, Opaque
from .both_ways import BothWays
from .cells import StackedCells
from .contraction import Contraction
from .conv import Conv, DepthwiseConv, SeparableConv
from .conv_recurrent import ConvRecurrent
from .created import Created
from .custom_recurrent import CustomRecurrent
from .declared import Declared
from .dense import Bilinear, Dense, FourierFeatures, Highway, MaxoutDense
from .distance import CosineSimilarity, CrossDistance, PairwiseDistance
from .distributed import StepsApart, StepsTogether, TimeDistributed
from .einsum_dense import EinsumDense
from .embedding import Embedding, EmbeddingBag
from .encoding import BoxCount, Encoding, ImageSize, MelSpectrogram, Spectrogram, Tokens
from .fourier import RealFourier, ShortFourier
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
from .matrices import Factors
from .merge import Concatenate, Einsum, Elementwise, MatMul, Meshgrid, Stack, broadcast
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
from .patches import ChannelShuffle, Fold, PixelShuffle, Unfold
from .pool import AdaptivePool, FeaturePool, FractionalPool, GlobalPool, MaxUnpool, Pool
from .positions import (
    ChannelScale,
    ClassToken,
    DecomposedRelativePosition,
    PositionEmbedding,
    RelativePositionBias,
    SeparablePositionEmbedding,
)
from .projected import DotAttention, PerHeadAttention
from .quantized import Quantized
from .recurrent import Recurrent, RecurrentCell
from .reshape import Expand, Flatten, Pad, Permute, Reduce, Repeat, Reshape, Tile, Upsample
from .reversible import ReversibleEmbedding
from .sampling import GridSample, Inverse, PyramidPool, SpatialTransformer
from .slicing import Index, Slice, Split
from .stepped import Stepped
from .transposed import TransposedConv
from .window import windows
from .wrapped import Computed, Frozen, LowRank, Pruned, Quantize, SpectralNorm, WeightNorm

__all__ = [
    "Activation", "AdaptivePool", "AdaptiveSoftmax", "Along", "BatchNorm", "Bilinear", "BothWays", "BoxCount", "CTCLoss",
    "ChannelScale", "ChannelShuffle", "ClassToken", "ClassificationLoss", "Computed", "Concatenate", "Connections", "Container",
    "Contraction", "Conv", "ConvRecurrent", "CosineEmbeddingLoss", "CosineSimilarity", "Created", "CrossDistance",
    "CustomRecurrent", "DataNormalization", "Declared", "DecomposedRelativePosition", "Dense", "DepthwiseConv", "Diagonal",
    "DotAttention", "Einsum", "EinsumDense", "Elementwise", "ElementwiseLoss", "Embedding", "EmbeddingBag", "Encoding",
    "Expand", "Factors", "FeaturePool", "Flatten", "Fold", "FourierFeatures", "FractionalPool", "Frozen", "GatedLinear",
    "Gather", "GaussianLoss", "GlobalPool", "GridSample", "GroupNorm", "Highway", "Identity", "ImageSize", "Index",
    "IndexSelect", "Input", "InstanceNorm", "Inverse", "LayerNorm", "LinearCrossEntropy", "LocallyConnected", "LowRank",
    "MarginLoss", "MatMul", "MaxUnpool", "MaxoutDense", "MelSpectrogram", "Meshgrid", "MultiHeadAttention", "Noise", "OneHot",
    "Opaque", "PReLU", "Pad", "PairwiseDistance", "PerHeadAttention", "Permute", "PixelShuffle", "Pool", "PositionEmbedding",
    "Pruned", "PyramidPool", "Quantize", "Quantized", "RMSNorm", "RealFourier", "Recurrent", "RecurrentCell", "Reduce",
    "RelativePositionBias", "Repeat", "Reshape", "ReversibleEmbedding", "ScaleShift", "ScaledDotProduct", "SeparableConv",
    "SeparablePositionEmbedding", "Shape", "ShortFourier", "Slice", "SlidingView", "SpatialTransformer", "Spec", "SpectralNorm",
    "Spectrogram", "Split", "Stack", "StackedCells", "Standardization", "Stepped", "StepsApart", "StepsTogether", "Tensor",
    "Term", "Tile", "TimeDistributed", "Tokens", "TopK", "TransposedConv", "TripletLoss", "Unfold", "Upsample", "WeightNorm",
    "axis_suffixes", "broadcast", "kernel_axes", "windows",
]  # fmt: skip
