"""Which variable of a rebuilt model each dataset of its file belongs to: by the places that Keras itself saves them at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .hdf5 import Listed

Shape = tuple[int, ...]


class Held(NamedTuple):
    """Shapes in the file by `id` of the variable that they belong to, and by name those that belong to none."""

    shapes: dict[int, Shape]
    others: dict[str, Shape]


def of_keras(model: Any, stored: Listed) -> Held:
    """A ``.keras`` file: every saveable object has a place in the tree of the model's attributes."""
    from keras.src.saving import saving_lib

    class Places(saving_lib.H5IOStore):  # type: ignore[misc]
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
    saving_lib._save_state(model, places, None, "", set())
    variables = {f"{place}/{key}": item for place, entry in places.made.items() for key, item in entry.items()}
    return _matched(variables, stored.datasets)


def of_hdf5(model: Any, stored: Listed) -> Held:
    """An ``.h5`` file: layer by layer in the model's order, each layer's weights in an order of their own."""
    from keras.src.legacy.saving.legacy_h5_format import _legacy_weights

    names = [name for name in stored.attribute("model_weights", "layer_names") or () if _weights(stored, name)]
    layers = [(layer, weights) for layer in model.layers if (weights := _legacy_weights(layer))]
    variables: dict[str, Any] = {}
    for name, (_, weights) in zip(names, layers):
        variables.update(zip(_weights(stored, name), weights))
    own = [v for v in (*model._trainable_variables, *model._non_trainable_variables) if any(v is w for w in model.weights)]
    variables.update(zip(_weights(stored, "top_level_model_weights"), own))
    return _matched(variables, stored.datasets)


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
