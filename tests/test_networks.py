"""The networks, held against the lecture's tables."""

from typing import Any

import keras
import numpy as np
import pytest

from convnets.harness.messages import ParameterError
from convnets.networks import build_network
from convnets.parameters import Network
from support import CNN

FULLY_CONNECTED: dict[str, Any] = {"name": "fcn", "architecture": "fully_connected", "units": 512}


def build(shape: tuple[int, ...], parameters: dict[str, Any], seed: int = 1) -> keras.Model:
    return build_network(Network.model_validate(parameters), shape, classes=10, seed=seed)


def table(model: keras.Model) -> list[tuple[str, tuple[int, ...], int]]:
    return [(layer.name, tuple(layer.output.shape[1:]), layer.count_params()) for layer in model.layers]


def test_fcn_is_the_lectures() -> None:
    model = build((784,), FULLY_CONNECTED)
    assert table(model) == [("dense", (512,), 401_920), ("dense_1", (10,), 5_130)]
    assert model.count_params() == 407_050
    assert [layer.activation.__name__ for layer in model.layers] == ["relu", "softmax"]


def test_cnn_is_the_lectures() -> None:
    model = build((28, 28, 1), CNN)
    assert table(model) == [
        ("input_1", (28, 28, 1), 0),
        ("conv2d", (26, 26, 32), 320),
        ("max_pooling2d", (13, 13, 32), 0),
        ("conv2d_1", (11, 11, 64), 18_496),
        ("max_pooling2d_1", (5, 5, 64), 0),
        ("conv2d_2", (3, 3, 128), 73_856),
        ("flatten", (1152,), 0),
        ("dense", (10,), 11_530),
    ]
    assert model.count_params() == 104_202
    assert {layer.activation.__name__ for layer in model.layers if "conv2d" in layer.name} == {"relu"}


def test_cnn_without_pooling_is_the_lectures() -> None:
    model = build((28, 28, 1), CNN | {"name": "cnn_no_pool", "pool_size": None})
    assert table(model) == [
        ("input_1", (28, 28, 1), 0),
        ("conv2d", (26, 26, 32), 320),
        ("conv2d_1", (24, 24, 64), 18_496),
        ("conv2d_2", (22, 22, 128), 73_856),
        ("flatten", (61_952,), 0),
        ("dense", (10,), 619_530),
    ]
    assert model.count_params() == 712_202


@pytest.mark.parametrize(
    ("changed", "shape"),
    [
        ({"kernel_size": 4}, (25, 25, 32)),
        ({"padding": "same"}, (28, 28, 32)),
        ({"strides": 2, "pool_size": None}, (13, 13, 32)),
        ({"filters": [8, 16]}, (26, 26, 8)),
    ],
    ids=["kernel_size", "padding", "strides", "filters"],
)
def test_each_parameter_shapes_the_first_feature_map(changed: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert table(build((28, 28, 1), CNN | changed))[1][1] == shape


def test_the_seed_alone_decides_the_first_weights() -> None:
    first = build((28, 28, 1), CNN).get_weights()
    keras.utils.set_random_seed(99)
    build((784,), FULLY_CONNECTED)
    for ours, theirs in zip(first, build((28, 28, 1), CNN).get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(first[0], build((28, 28, 1), CNN, seed=2).get_weights()[0])


def test_first_weights_are_spread_as_keras_spreads_them() -> None:
    kernel = build((784,), FULLY_CONNECTED).layers[0].get_weights()[0]
    limit = np.sqrt(6 / (784 + 512))
    assert np.abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)


def test_layers_do_not_begin_with_the_same_weights() -> None:
    model = build((784,), FULLY_CONNECTED | {"units": 784})
    assert not np.array_equal(model.layers[0].get_weights()[0][:10, :10], model.layers[1].get_weights()[0][:10, :10])


def test_a_kernel_larger_than_its_feature_map_is_refused() -> None:
    with pytest.raises(ParameterError, match="do not fit images of 28 x 28: its kernel_size is 15"):
        build((28, 28, 1), CNN | {"kernel_size": 15})
