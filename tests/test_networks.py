"""The networks, held against the lecture's tables."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from convnets.harness.messages import ParameterError
from convnets.network_parameters import Network
from convnets.networks import build_network
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


def outputs_as(model: keras.Model, layers: list[keras.Layer], shape: tuple[int, ...] = (28, 28, 1)) -> None:
    """Hold a network's answers against those of Keras's layers, put together by hand, with the same weights."""
    by_hand = keras.Sequential([keras.Input(shape), *layers])
    by_hand.set_weights(model.get_weights())
    images = np.random.default_rng(1).uniform(size=(2, *shape)).astype(np.float32)
    np.testing.assert_allclose(
        model.predict(images, verbose=0), by_hand.predict(images, verbose=0), rtol=1e-5, atol=1e-7
    )


OPTIONS: dict[str, tuple[dict[str, Any], Callable[[], list[keras.Layer]]]] = {
    "same, average, global maximum": (
        {"padding": "same", "pooling": "average", "head": "global_max"},
        lambda: [
            keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
            keras.layers.AveragePooling2D(2),
            keras.layers.Conv2D(6, 3, padding="same", activation="relu"),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(10, activation="softmax"),
        ],
    ),
    "normalization, global mean": (
        {"batch_normalization": True, "head": "global_average", "pool_size": None, "strides": 2},
        lambda: [
            keras.layers.Conv2D(4, 3, strides=2, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Conv2D(6, 3, strides=2, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, activation="softmax"),
        ],
    ),
    "hidden layers": (
        {"hidden_units": [8, 7], "dropout": 0.5},
        lambda: [
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(6, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(7, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ],
    ),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_is_kerass(option: str) -> None:
    changed, by_hand = OPTIONS[option]
    outputs_as(build((28, 28, 1), CNN | {"filters": [4, 6]} | changed), by_hand())


def names(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers]


def test_dropout_lies_behind_hidden_layers_or_before_the_last_one() -> None:
    short = CNN | {"filters": [4], "dropout": 0.5}
    assert names(build((28, 28, 1), short))[2:] == ["flatten", "dropout", "dense"]
    hidden = build((28, 28, 1), short | {"hidden_units": [8, 7]})
    assert names(hidden)[3:] == ["dense", "dropout", "dense_1", "dropout_1", "dense_2"]
    assert hidden.get_layer("dropout").rate == 0.5
    assert names(build((784,), FULLY_CONNECTED | {"dropout": 0.2})) == ["dense", "dropout", "dense_1"]


def test_a_network_on_a_torus_does_not_see_where_a_pattern_is() -> None:
    torus = CNN | {"padding": "circular", "head": "global_max", "pooling": "blur", "space_to_depth": 2}
    model = build((32, 32, 3), torus)
    assert names(model)[:5] == ["input_1", "space_to_depth", "circular_padding2d", "conv2d", "blur_pool2d"]
    image = np.random.default_rng(1).uniform(size=(1, 32, 32, 3)).astype(np.float32)
    moved = np.roll(image, (8, 16), axis=(1, 2))  # by multiples of 2 * 2 * 2, the step of the last layer
    np.testing.assert_allclose(model.predict(moved, verbose=0), model.predict(image, verbose=0), rtol=1e-4)


def test_blocks_that_do_not_divide_the_image_are_refused() -> None:
    with pytest.raises(ParameterError, match="space_to_depth is 3, and images are 28 x 28; allowed: null or a divisor"):
        build((28, 28, 1), CNN | {"space_to_depth": 3})
    with pytest.raises(ParameterError, match="of 28 x 28, after blocks of 4 x 4 became pixels: its kernel_size is 3"):
        build((28, 28, 1), CNN | {"space_to_depth": 4})
