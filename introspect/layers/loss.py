"""Losses: one number for each element, each example or each place, unless `reduction` makes it one for all.

Nothing is trained here; a weight for each class that was given is a buffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional

from ..algebra import Dim, product
from ..errors import ConfigurationError, ShapeError
from .base import Shape, Spec, Tensor, need, require_dim, require_rank, show
from .merge import broadcast, broadcast_all, require_equal

REDUCTIONS = ("none", "mean", "sum", "batchmean")


@dataclass(frozen=True)
class Loss(Spec):
    """What all losses share. `reduction`: ``none`` keeps one number a place, anything else gives a scalar."""

    reduction: str = "mean"

    def each(self, *inputs: Shape) -> Shape:
        """The loss before it is reduced."""
        raise NotImplementedError

    def output(self, *inputs: Shape) -> Shape:
        if self.reduction not in REDUCTIONS:
            raise ConfigurationError("unknown reduction", got=self.reduction, expected=", ".join(REDUCTIONS))
        return self.each(*inputs) if self.reduction == "none" else self.each(*inputs)[:0]

    def per_example(self, y: Shape) -> Shape:
        return y[1:]

    def channels_of(self, y: Shape) -> Dim:
        return 1


def class_weight(classes: Dim) -> Tensor:
    """A factor for each class, given and never trained."""
    return Tensor("class_weight", (("d0", classes),), trainable=False, buffer=True)


@dataclass(frozen=True)
class ElementwiseLoss(Loss):
    """Two or more inputs element by element. Sources: PyTorch's ``MSELoss``, ``BCELoss`` and ``MarginRankingLoss`` pages.

    `shapes`: ``broadcast``; ``to_first`` where the first input is not stretched; ``equal``; or ``as_many_axes``, which are then
    broadcast. `over_classes`: the last axis is averaged away, with a factor for each class if `class_weights`.

    >>> ElementwiseLoss("none").output((4, 3), (3,)), ElementwiseLoss("mean").output((4, 3), (4, 3))
    ((4, 3), ())
    """

    shapes: str = "broadcast"
    over_classes: bool = False
    class_weights: bool = False
    kind: ClassVar[str] = "elementwise_loss"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        if not self.class_weights:
            return ()
        return (class_weight(need(inputs[0] if inputs else None, "the number of classes")[-1]),)

    def each(self, *inputs: Shape) -> Shape:
        if self.shapes == "equal":
            require_equal(inputs, "the loss's inputs")
        if self.shapes == "as_many_axes":
            for x in inputs[1:]:
                require_rank(x, (len(inputs[0]),), "this loss's other input")
        each = broadcast_all(inputs)
        if self.shapes == "to_first":
            require_equal((each, inputs[0]), "what the first input is compared with")
        if not self.over_classes:
            return each
        if not inputs[0]:
            raise ShapeError("a loss over classes needs an axis of them", got="scalar")
        axis = len(inputs[0]) - 1
        return (*each[:axis], *each[axis + 1 :])


@dataclass(frozen=True)
class ClassificationLoss(Loss):
    """One number for each place that has a class. Sources: PyTorch's ``CrossEntropyLoss`` and ``NLLLoss`` pages.

    Scores have the classes along axis 1, or along their only axis; targets are class indices, one a place, or
    `probabilities` of the scores' own shape, where that is taken. `lone`: the one target of an example without a batch may be
    a row of one.

    >>> ClassificationLoss("none").output((2, 10, 8, 8), (2, 8, 8)), ClassificationLoss().output((10,), ())
    ((2, 8, 8), ())
    """

    class_weights: bool = False
    probabilities: bool = False
    lone: bool = True
    kind: ClassVar[str] = "classification_loss"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        if not self.class_weights:
            return ()
        return (class_weight(self._split(need(inputs[0] if inputs else None, "the number of classes"))[0]),)

    def each(self, *inputs: Shape) -> Shape:
        scores, targets = inputs[:2]
        _, places = self._split(scores)
        if self.lone and len(scores) == 1 and targets == (1,):
            return places
        if self.probabilities and len(targets) == len(scores):
            require_equal((scores, targets), "scores and probabilities")
        else:
            require_rank(targets, (len(places),), "a loss's targets")
            require_equal((places, targets), "places and their targets")
        return places

    @staticmethod
    def _split(scores: Shape) -> tuple[Dim, Shape]:
        """The number of classes, and the places that have one each."""
        if not scores:
            raise ShapeError("scores need an axis of classes", got="scalar")
        axis = min(1, len(scores) - 1)
        return scores[axis], (*scores[:axis], *scores[axis + 1 :])


@dataclass(frozen=True)
class MarginLoss(Loss):
    """One number an example, of scores ``(N, C)`` or ``(C)``. Sources: PyTorch's ``MultiMarginLoss`` (targets: one class an
    example) and ``MultiLabelMarginLoss`` (`multilabel`: targets as wide as the scores) pages.
    """

    multilabel: bool = False
    class_weights: bool = False
    kind: ClassVar[str] = "margin_loss"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        if not self.class_weights:
            return ()
        return (class_weight(need(inputs[0] if inputs else None, "the number of classes")[-1]),)

    def each(self, *inputs: Shape) -> Shape:
        scores, targets = inputs
        require_rank(scores, (0, 1, 2) if self.multilabel else (1, 2), "a margin loss")
        if self.multilabel and len(scores) == 2:
            return require_equal((scores, targets), "scores and labels")[:-1]
        require_rank(targets, (0, 1), "a margin loss's targets")
        wanted = scores if self.multilabel else scores[:-1]
        require_dim(product(targets), product(wanted), "the number of targets")
        return () if self.multilabel else targets


@dataclass(frozen=True)
class CosineEmbeddingLoss(Loss):
    """One number a pair ``(N, D)``, or for one pair ``(D)``. Source: PyTorch's ``CosineEmbeddingLoss`` page."""

    kind: ClassVar[str] = "cosine_embedding_loss"

    def each(self, *inputs: Shape) -> Shape:
        a, b, labels = inputs
        require_rank(labels, (0, 1), "the labels of pairs")
        for x in (a, b):
            require_rank(x, (len(labels) + 1,), "a pair")
        return broadcast(broadcast(a, b)[:-1], labels)


@dataclass(frozen=True)
class TripletLoss(Loss):
    """One number a triplet of anchor, positive and negative. Source: PyTorch's ``TripletMarginLoss`` page."""

    kind: ClassVar[str] = "triplet_loss"

    def each(self, *inputs: Shape) -> Shape:
        anchor, *others = inputs
        for x in others:
            require_rank(x, (len(anchor),), "a triplet")
        return broadcast_all(tuple(broadcast(anchor, x)[:-1] for x in others))


@dataclass(frozen=True)
class CTCLoss(Loss):
    """One number a sequence, of log-probabilities ``(T, N, C)`` or ``(T, C)``. Source: PyTorch's ``CTCLoss`` page.

    Targets are ``(N, S)``, or all of them one after another; how long each sequence is may be given as tensors, too.
    """

    kind: ClassVar[str] = "ctc_loss"

    def each(self, *inputs: Shape) -> Shape:
        scores, targets, *lengths = inputs
        require_rank(scores, (2, 3), "log-probabilities")
        require_rank(targets, (1, 2), "the targets")
        batch = scores[1:-1]
        if len(targets) == 2:
            require_dim(targets[0], batch[0] if batch else 1, "the number of targets")
        for given in lengths:
            require_rank(given, (len(batch), 1), "the lengths")
            if batch:
                require_dim(given[0], batch[0], "the number of lengths")
        return batch

    def batch_axis(self, x: Shape) -> Optional[int]:
        return 1 if len(x) == 3 else None


@dataclass(frozen=True)
class GaussianLoss(Loss):
    """Mean and variance against a target. Source: PyTorch's ``GaussianNLLLoss`` page.

    The variance has the input's shape, lacks its last axis, or has size 1 along one axis.
    """

    kind: ClassVar[str] = "gaussian_loss"

    def each(self, *inputs: Shape) -> Shape:
        x, target, *given = inputs
        for variance in given:
            self._check(x, variance)
        widened = tuple((*v, 1) if len(v) < len(x) else v for v in given)
        return broadcast_all((x, target, *widened))

    @staticmethod
    def _check(x: Shape, variance: Shape) -> None:
        pairs = [(m, n) for m, n in zip(x, variance) if isinstance(m, int) and isinstance(n, int) and m != n]
        lacking = len(variance) == len(x) - 1 and not pairs
        one = len(variance) == len(x) and (not pairs or sum(n for _, n in pairs) == 1)
        if not (lacking or one):
            raise ShapeError("a variance does not fit", got=show(variance), expected=show(x))


@dataclass(frozen=True)
class LinearCrossEntropy(Loss):
    """A linear layer, which is a layer of its own, and cross entropy in one; no score is ever a tensor.

    Source: PyTorch's ``LinearCrossEntropyLoss`` page. `places`: the loss's axes after the batch.
    """

    in_features: int = 1
    classes: int = 1
    places: tuple[int, ...] = ()
    class_weights: bool = False
    kind: ClassVar[str] = "linear_cross_entropy"

    def tensors(self, *inputs: Optional[Shape]) -> tuple[Tensor, ...]:
        return (class_weight(self.classes),) if self.class_weights else ()

    def each(self, *inputs: Shape) -> Shape:
        x, targets = inputs
        require_rank(x, (1, 2), "a linear cross entropy")
        require_dim(x[-1], self.in_features, "the number of input features")
        scores = (*x[:-1], self.classes, *self.places)
        return ClassificationLoss(probabilities=True).each(scores, targets)


@dataclass(frozen=True)
class AdaptiveSoftmax(Loss):
    """Log-probability of each target, and their mean as a second output. Source: arXiv:1609.04309; PyTorch's
    ``AdaptiveLogSoftmaxWithLoss`` page. Its linear layers are layers of their own; which examples they see, the targets say.
    """

    in_features: int = 1
    kind: ClassVar[str] = "adaptive_softmax"
    hides: ClassVar[bool] = True

    def outputs(self, *inputs: Shape) -> tuple[Shape, ...]:
        x, targets = inputs
        require_rank(targets, (0, 1), "the targets")
        require_rank(x, (len(targets) + 1,), "an adaptive softmax")
        require_dim(x[-1], self.in_features, "the number of input features")
        require_equal((x[:-1], targets), "examples and their targets")
        return targets, ()

    def output(self, *inputs: Shape) -> Shape:
        return self.outputs(*inputs)[0]
