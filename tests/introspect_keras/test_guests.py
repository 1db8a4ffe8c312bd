"""Layers around other frameworks. A PyTorch module in a Keras model is translated by PyTorch's adapter, and verified by it."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from agreement import assert_verified
from keras import layers

from introspect import ShapeError, explain

if keras.config.backend() == "torch":
    import torch
    from torch import nn

    def network() -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 6 * 6, 5))

    def wrapped(module: nn.Module, *made: Any) -> layers.Layer:
        return layers.TorchModuleWrapper(module, name="net", output_shape=made)

    def on(shape: tuple[int, ...], *parts: layers.Layer) -> keras.Model:
        x = y = keras.Input(shape)
        for part in parts:
            y = part(y)
        return keras.Model(x, y)

    def test_a_module_is_worked_out_layer_by_layer() -> None:
        model = on((3, 8, 8), wrapped(network(), None, 5), layers.Dense(2, name="head"))
        e = explain(model)
        assert_verified(e)
        assert not e.opaque
        assert e["net.0"].params.working == "(3·3·3 + 1)·8"
        assert e["head"].params.working == "(5 + 1)·2"
        assert e.params == model.count_params() == 224 + 16 + 1445 + 12
        assert e.buffers == 8 + 8 + 1  # which Keras does not know of
        assert e.neurons == 8 * 6 * 6 + 5 + 2

    def test_what_pytorch_holds_otherwise_is_a_mismatch() -> None:
        model = on((4,), wrapped(nn.Linear(4, 3), None, 3))
        model.get_layer("net").module.weight = nn.Parameter(torch.zeros(3, 5))
        assert explain(model)["net"].status == "mismatch"

    def test_an_output_shape_that_is_not_the_modules_is_refused_where_it_is_read() -> None:
        with pytest.raises(ShapeError, match="head: the layer was built on another input"):
            explain(on((4,), wrapped(nn.Linear(4, 3), None, 6), layers.Dense(2, name="head")))

    class Subclassed(keras.Model):
        """What PyTorch modules are set on, Keras wraps."""

        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
            self.head = layers.Dense(2, name="head")

        def call(self, x: Any) -> Any:
            return self.head(self.net(x))

    def test_a_module_in_code_that_is_not_built() -> None:
        model = Subclassed()
        e = explain(model, (None, 4))
        assert e.params == 15 + 8
        assert [row.output_shape[1:] for row in e.layers] == [(4,), (3,), (3,), (2,)]
        assert not e.mismatches
        assert not model.head.built

    def test_the_module_refuses_what_does_not_fit() -> None:
        with pytest.raises(ShapeError, match=r"net\.0: the number of input features"):
            explain(keras.Sequential([layers.TorchModuleWrapper(nn.Sequential(nn.Linear(5, 4)), name="net")]), (None, 3))

    class TwoInputs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 2), nn.Linear(3, 2)

        def forward(self, u: Any, v: Any) -> Any:
            return self.a(u), torch.cat([self.a(u), self.b(v)], 1)

    @pytest.mark.parametrize("by_name", [True, False])
    def test_several_inputs_and_outputs_in_any_order(by_name: bool) -> None:
        u, v = keras.Input((4,), name="u"), keras.Input((3,), name="v")
        around = layers.TorchModuleWrapper(TwoInputs(), name="net", output_shape=((None, 2), (None, 4)))
        made = around(v=v, u=u) if by_name else around(u, v)
        e = explain(keras.Model([u, v], made))
        assert_verified(e)
        assert e.params == 10 + 8
        assert [row.path for row in e.layers[2:]] == ["net.a", "net.a", "net.b", "net.cat()"]

    def test_one_module_in_two_wrappers_is_counted_once() -> None:
        module = nn.Linear(4, 4)
        first, second = (layers.TorchModuleWrapper(module, output_shape=(None, 4)) for _ in range(2))
        model = on((4,), first, second)
        e = explain(model)
        assert_verified(e)
        assert (e.params, model.count_params()) == (20, 40)
        assert "count_params() says 40: it counts 20 twice" in str(e)

    def test_a_wrapper_that_is_called_twice_is_one_layer() -> None:
        around = layers.TorchModuleWrapper(nn.Linear(4, 4), name="net", output_shape=(None, 4))
        e = explain(on((4,), around, around))
        assert_verified(e)
        assert (e.params, e.neurons) == (20, 8)

    def test_a_weight_that_keras_and_pytorch_share() -> None:
        dense, module = layers.Dense(4, name="dense"), nn.Linear(4, 4)
        dense.build((None, 4))
        module.weight = dense.kernel.value
        e = explain(on((4,), dense, wrapped(module, None, 4)))
        assert_verified(e)
        assert e.params == 20 + 4

    def test_what_is_frozen_by_keras_is_not_trained() -> None:
        model = on((4,), wrapped(nn.Linear(4, 3), None, 3), layers.Dense(2))
        model.get_layer("net").trainable = False
        e = explain(model)
        assert_verified(e)
        assert (e.trainable, e.non_trainable) == (8, 15)

    def test_a_module_at_every_step_is_that_of_one_example_each() -> None:
        around = layers.TimeDistributed(layers.TorchModuleWrapper(nn.Linear(5, 4), name="net", output_shape=(None, 4)))
        e = explain(on((3, 5), around))
        assert_verified(e)
        assert (e.params, e.neurons, e.connections) == (24, 3 * 4, 3 * 5 * 4)

    class Host(nn.Module):
        """The other way round: on PyTorch, a layer of Keras' is a module as well."""

        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)
            self.k = keras.Sequential([layers.Dense(5, activation="relu"), layers.Dropout(0.5), layers.Dense(2)])

        def forward(self, x: Any) -> Any:
            return self.k(self.fc(x))

    def test_layers_of_keras_in_a_module_that_are_not_built_stay_so() -> None:
        host = Host()
        e = explain(host, (None, 4))
        assert e.model.framework == "torch"
        assert [(row.path.partition(".")[0], row.kind_name) for row in e.layers[1:]] == [
            ("fc", "Linear"), ("k", "Dense"), ("k", "Dropout"), ("k", "Dense"),
        ]  # fmt: skip
        assert (e.params, e.neurons) == (15 + 20 + 12, 3 + 5 + 2)
        assert not e.mismatches
        assert not host.k.built

    def test_layers_of_keras_in_a_module_are_verified_once_they_are_built() -> None:
        host = Host()
        host(torch.zeros(3, 4))
        e = explain(host, (None, 4))
        assert_verified(e)
        assert e.params == 15 + 20 + 12
        assert explain(host).params == 15 + 20 + 12

    def test_how_much_is_not_built_is_unknown_without_an_input() -> None:
        e = explain(Host())
        assert not e.params.known
        assert e["fc"].params == 15

    def test_a_weight_of_a_module_that_a_layer_of_keras_in_it_shares() -> None:
        host = Host()
        host(torch.zeros(3, 4))
        host.fc.weight = host.k.layers[0].kernel.value
        with pytest.raises(ShapeError):
            explain(host, (None, 4, 1))
        assert explain(host).params == 3 + 20 + 12

    def test_what_keras_refuses_is_refused_in_a_module() -> None:
        host = Host()
        host(torch.zeros(3, 4))
        host.fc = nn.Linear(4, 6)
        with pytest.raises(ShapeError, match=r"k\."):
            explain(host, (None, 4))

    def test_a_compiled_model_and_one_on_the_meta_device() -> None:
        model = on((4,), layers.Dense(3, name="a"), layers.Dense(2, name="b"))
        for one in (torch.compile(model), model.to("meta")):
            e = explain(one, (None, 4))
            assert e.params == 15 + 8
            assert not e.mismatches


if keras.config.backend() == "jax":
    import flax.linen
    import jax
    import numpy as np

    class Pixels(flax.linen.Module):
        @flax.linen.compact
        def __call__(self, x: Any, training: bool = False) -> Any:
            x = flax.linen.BatchNorm(use_running_average=not training)(flax.linen.Conv(4, (3, 3))(x))
            return flax.linen.Dense(5)(x.mean((1, 2)))

    def applied(params: Any, inputs: Any) -> Any:
        return inputs @ params["dense"]["kernel"] + params["dense"]["bias"]

    def of_jax() -> layers.Layer:
        weights = {"dense": {"kernel": np.zeros((4, 3), "float32"), "bias": np.zeros(3, "float32")}}
        return layers.JaxLayer(applied, params=weights, name="own")

    class WithFunction(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.own, self.head = of_jax(), layers.Dense(2, name="head")

        def call(self, x: Any) -> Any:
            return self.head(self.own(x))

    def test_a_function_of_jax_in_code_that_is_not_built() -> None:
        e = explain(WithFunction(), (None, 4))
        assert (e.params, e.opaque_params) == (23, 15)
        assert [tensor.name for tensor in e["own"].tensors] == ["params.dense.bias", "params.dense.kernel"]
        assert e["head"].params.working == "(3 + 1)·2"

    def test_a_function_that_would_make_its_weights_when_it_is_built_has_an_unknown_number() -> None:
        own = layers.JaxLayer(applied, init_fn=lambda rng, inputs: {"kernel": np.zeros((4, 3))}, name="own")
        e = explain(own, (None, 4))
        assert not e.params.known
        assert not own.built

    def test_a_module_of_flax_is_opaque_and_its_weights_go_by_their_places() -> None:
        module = Pixels()
        weights = module.init(jax.random.PRNGKey(0), np.zeros((1, 6, 6, 3), "float32"))
        own = layers.FlaxLayer(module, variables=weights, name="own")
        model = keras.Sequential([keras.Input((6, 6, 3)), own, layers.Dense(2, name="head")])
        e = explain(model)
        assert (e["own"].status, e["own"].output_shape[1:]) == ("opaque", (5,))
        assert e["head"].params.working == "(5 + 1)·2"
        assert e["own"].params == 3 * 3 * 3 * 4 + 4 + 4 * 4 + 4 * 5 + 5
        assert {tensor.name: tensor.trainable for tensor in e["own"].tensors}["state.batch_stats.BatchNorm_0.mean"] is False
        assert e.params == model.count_params()
