"""Layers that Keras lacks, held against NumPy, TensorFlow and their formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import convolve, maximum_filter

from convnets.composite_layers import blur_pool2d, circular_padding2d, space_to_depth

IMAGES = np.random.default_rng(1).uniform(size=(2, 6, 9, 3)).astype(np.float32)
BINOMIAL = np.outer([1, 2, 1], [1, 2, 1]) / 16


def applied(layer: object, *settings: object, images: np.ndarray = IMAGES) -> np.ndarray:
    inputs = keras.Input(images.shape[1:])
    model = keras.Model(inputs, layer(inputs, *settings, name="layer"))  # type: ignore[operator]
    assert [one.name for one in model.layers][1:] == ["layer"]
    assert model.count_params() == 0
    output: np.ndarray = model.predict(images, verbose=0)
    return output


@pytest.mark.parametrize("kernel_size", range(1, 8))
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_circular_padding_is_numpys_and_as_wide_as_same(kernel_size: int, strides: int) -> None:
    padded = applied(circular_padding2d, kernel_size, strides)
    pads = [max((-(-size // strides) - 1) * strides + kernel_size - size, 0) for size in (6, 9)]
    widths = [(0, 0), *((pad // 2, pad - pad // 2) for pad in pads), (0, 0)]
    np.testing.assert_array_equal(padded, np.pad(IMAGES, widths, mode="wrap"))
    same, valid = (
        keras.layers.Conv2D(1, kernel_size, strides=strides, padding=padding)(images)
        for padding, images in (("same", IMAGES), ("valid", padded))
    )
    assert valid.shape == same.shape


def test_more_padding_than_there_are_pixels_is_refused() -> None:
    assert applied(circular_padding2d, 13, 1).shape == (2, 18, 21, 3)
    with pytest.raises(ValueError, match="6 pixels cannot be padded with 7"):
        applied(circular_padding2d, 14, 1)


@pytest.mark.parametrize("pool_size", [2, 3])
@pytest.mark.parametrize("padding", ["valid", "same", "circular"])
def test_blur_pooling_is_a_maximum_then_a_binomial_filter_in_strides(pool_size: int, padding: str) -> None:
    images = np.random.default_rng(2).uniform(size=(1, 12, 18, 2)).astype(np.float32)
    pooled = applied(blur_pool2d, pool_size, padding, images=images)
    total = 0 if padding == "valid" else 2  # what a window of pool_size + 2 is padded with, where strides divide sizes
    widths = [(total // 2, total - total // 2)] * 2
    for channel in range(2):
        padded = np.pad(images[0, ..., channel], widths, mode="wrap" if padding == "circular" else "constant")
        greatest = np.lib.stride_tricks.sliding_window_view(padded, (pool_size, pool_size)).max(axis=(2, 3))
        windows = np.lib.stride_tricks.sliding_window_view(greatest, (3, 3))
        blurred = np.einsum("rcij,ij->rc", windows, BINOMIAL)[::pool_size, ::pool_size]
        np.testing.assert_allclose(pooled[0, ..., channel], blurred, atol=1e-6)


def test_blur_pooling_of_a_torus_is_scipys_filters_and_moves_with_the_image() -> None:
    images = np.random.default_rng(2).uniform(size=(1, 8, 8, 1)).astype(np.float32)
    greatest = maximum_filter(images[0, ..., 0], 2, mode="wrap", origin=-1)  # of a pixel and what is right and below
    blurred = convolve(greatest, BINOMIAL, mode="wrap")
    pooled = applied(blur_pool2d, 2, "circular", images=images)[0, ..., 0]
    np.testing.assert_allclose(pooled, blurred[::2, ::2], atol=1e-6)
    moved = applied(blur_pool2d, 2, "circular", images=np.roll(images, (2, 4), axis=(1, 2)))[0, ..., 0]
    np.testing.assert_allclose(moved, np.roll(pooled, (1, 2), axis=(0, 1)), atol=1e-6)


@pytest.mark.parametrize("block_size", [1, 3])
def test_space_to_depth_is_tensorflows(block_size: int) -> None:
    expected = IMAGES if block_size == 1 else tf.nn.space_to_depth(IMAGES, block_size).numpy()
    np.testing.assert_array_equal(applied(space_to_depth, block_size), expected)
