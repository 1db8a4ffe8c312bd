"""Which variable of a rebuilt model each dataset of its file belongs to: by the places that Keras itself saves them at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

from .detecting import is_second
from .hdf5 import Listed
from .rebuilding import inner

Shape = tuple[int, ...]
_LOW_RANK = [f"lora_{kernel}_{which}" for kernel in ("kernel", "embeddings") for which in "ab"]


class Held(NamedTuple):
    """Shapes in the file by `id` of the variable that they belong to, and by name those that belong to none.

    `anew`: how many numbers Keras makes when it loads the file, as they are merged into others there.
    """

    shapes: dict[int, Shape]
    others: dict[str, Shape]
    anew: int = 0


def of_keras(model: Any, stored: Listed) -> Held:
    """A ``.keras`` file: every object that keeps variables has a place in the tree of the model's attributes."""
    lib = inner("saving.saving_lib")
    if is_second(model):
        return _matched(_walked(lib, model), stored.datasets)
    narrow = [layer for layer in model._flatten_layers() if getattr(layer, "lora_enabled", False)]
    for layer in narrow:
        layer.lora_enabled = False  # else the sum would be taken down, and not the kernel that it is saved as
    try:
        found = _matched(_taken_down(lib, model), stored.datasets)
    finally:
        for layer in narrow:
            layer.lora_enabled = True
    anew = (
        {id(v): tuple(v.shape) for layer in narrow for name, v in vars(layer).items() if name in _LOW_RANK}
        if found.shapes
        else {}
    )
    return Held({**found.shapes, **anew}, found.others, sum(map(prod, anew.values())))


def _taken_down(lib: Any, model: Any) -> dict[str, Any]:
    """What Keras 3 would save, by its place."""

    class Places(lib.H5IOStore):  # type: ignore[misc]
        """Takes down what is saved where, and saves nothing."""

        def __init__(self) -> None:
            self.made: dict[str, dict[str, Any]] = {}

        def __bool__(self) -> bool:
            return True

        def make(self, path: str, metadata: Any = None) -> dict[str, Any]:
            return self.made.setdefault(f"{path}/vars".lstrip("/"), {})

        def close(self) -> None:
            pass

    places = Places()
    lib._save_state(model, places, None, "", set())
    return {f"{place}/{key}": item for place, entry in places.made.items() for key, item in entry.items()}


def _walked(lib: Any, model: Any) -> dict[str, Any]:
    """The same for tf.keras 2, which asks for the values of what it saves: its walk, without them."""
    found: dict[str, Any] = {}
    seen: set[int] = set()

    def visit(item: Any, path: str) -> None:
        if id(item) in seen:
            return
        seen.add(id(item))
        own = [*getattr(item, "_trainable_weights", ()), *getattr(item, "_non_trainable_weights", ())]
        found.update({f"{path}/vars/{i}".lstrip("/"): variable for i, variable in enumerate(own)})
        for name, child in lib._walk_trackable(item):
            if lib._is_keras_trackable(child):
                visit(child, f"{path}/{name}")
            elif isinstance(child, (list, dict, tuple, set)):
                visit_all(list(child.values()) if isinstance(child, dict) else list(child), f"{path}/{name}")

    def visit_all(items: list[Any], path: str) -> None:
        taken: dict[str, int] = {}
        for item in items:
            if lib._is_keras_trackable(item):
                name = _snake_case(type(item).__name__)
                taken[name] = taken.get(name, -1) + 1
                visit(item, f"{path}/{name}" + (f"_{taken[name]}" if taken[name] else ""))

    visit(model, "")
    return found


def _snake_case(name: str) -> str:
    """As Keras calls the objects in a list.

    >>> _snake_case("Conv2DTranspose"), _snake_case("GRUCell")
    ('conv2d_transpose', 'gru_cell')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def of_hdf5(model: Any, stored: Listed) -> Held:
    """An ``.h5`` file: layer by layer in the model's order, each layer's weights in an order of their own."""
    names = [name for name in stored.attribute("model_weights", "layer_names") or () if _weights(stored, name)]
    layers = [(layer, weights) for layer in model.layers if (weights := _in_order(layer))]
    variables: dict[str, Any] = {}
    for name, (_, weights) in zip(names, layers):
        variables.update(zip(_weights(stored, name), weights))
    own = _own(model)
    variables.update(zip(_weights(stored, "top_level_model_weights"), own))
    return _matched(variables, stored.datasets)


def _in_order(layer: Any) -> list[Any]:
    """A layer's weights as ``.h5`` files have them: those that are trained first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _own(model: Any) -> list[Any]:
    """The weights of a model that none of its layers holds."""
    made = [getattr(model, name, ()) for name in ("_trainable_variables", "_non_trainable_variables")]
    made += [getattr(model, name, ()) for name in ("_trainable_weights", "_non_trainable_weights")] if is_second(model) else []
    return [v for part in made for v in part if any(v is weight for weight in model.weights)]


def _weights(stored: Listed, layer: str) -> list[str]:
    group = f"model_weights/{layer}"
    return [f"{group}/{name}" for name in stored.attribute(group, "weight_names") or ()]


def _matched(variables: dict[str, Any], datasets: dict[str, Shape]) -> Held:
    shapes = {id(variable): datasets[place] for place, variable in variables.items() if place in datasets}
    return Held(shapes, dict(_others(variables, datasets)))


def _others(variables: dict[str, Any], datasets: dict[str, Shape]) -> Iterator[tuple[str, Shape]]:
    for place, shape in datasets.items():
        if place not in variables and not place.startswith(("optimizer/", "optimizer_weights/")):
            yield place, shape
