"""Layers that Keras lacks, each made of Keras's own and shown as one: a stored network needs nothing but Keras."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

BLUR = 2  # pixels: the side of the average that makes, applied twice, the binomial filter 1 2 1
Pads = tuple[tuple[int, int], tuple[int, int]]
"""Pixels above and below, left and right."""


def circular_padding2d(x: Any, kernel_size: int, strides: int, name: str) -> Any:
    """Pad feature maps as `same` does, but with what is at the opposite edge: the image is a torus.

    Args:
        x: A symbolic Keras tensor (height, width, depth).
        kernel_size: Height and width of the window that is laid on them next, in pixels.
        strides: Its steps, in pixels.
        name: Of the layer.

    Returns:
        A symbolic tensor on which the window has ceil(size / strides) valid positions.

    Raises:
        ValueError: More is to be padded than there is.
    """
    pads = same_padding(x, kernel_size, strides)
    return as_one_layer(x, lambda inside: wrap(inside, pads), name)


def blur_pool2d(x: Any, pool_size: int, padding: str, name: str) -> Any:
    """Pool without aliasing: the maximum in steps of one pixel, then a fixed binomial filter in steps of the window.

    The filter is the outer product of 1 2 1 with itself, over 16: two averages of 2 x 2 in a row. A pixel of the output
    sees `pool_size` + 2 pixels. The network's padding pads this window: `same` with zeros, as after a relu.
    Source: R. Zhang, "Making Convolutional Networks Shift-Invariant Again", ICML 2019.

    Args:
        x: A symbolic Keras tensor (height, width, depth), not negative.
        pool_size: Height and width of the window of the maximum, and the steps of the filter, in pixels.
        padding: `valid`, `same` or `circular`.
        name: Of the layer.

    Returns:
        A symbolic tensor.

    Raises:
        ValueError: The windows do not fit.
    """
    pads = same_padding(x, pool_size + BLUR, pool_size)

    def pool(inside: Any) -> Any:
        if padding == "same":
            inside = layers.ZeroPadding2D(pads, name="zero_padding2d")(inside)
        if padding == "circular":
            inside = wrap(inside, pads)
        greatest = layers.MaxPooling2D(pool_size, strides=1, name="max_pooling2d")(inside)
        average = layers.AveragePooling2D(BLUR, strides=1, name="average_pooling2d")(greatest)
        return layers.AveragePooling2D(BLUR, strides=pool_size, name="average_pooling2d_1")(average)

    return as_one_layer(x, pool, name)


def space_to_depth(x: Any, block_size: int, name: str) -> Any:
    """Make each block of pixels one pixel, and its pixels the channels of that: nothing is lost.

    Args:
        x: A symbolic Keras tensor (height, width, depth).
        block_size: Height and width of a block, in pixels: a divisor of height and width.
        name: Of the layer.

    Returns:
        A symbolic tensor (height / block size, width / block size, block size^2 * depth). The channels are those of
        `tensorflow.nn.space_to_depth`: by row and column in the block, then by channel.
    """
    height, width, depth = x.shape[1:]
    rows, columns = height // block_size, width // block_size

    def rearrange(inside: Any) -> Any:
        blocks = layers.Reshape((rows, block_size, columns, block_size * depth), name="reshape")(inside)
        blocks = layers.Permute((1, 3, 2, 4), name="permute")(blocks)
        return layers.Reshape((rows, columns, block_size**2 * depth), name="reshape_1")(blocks)

    return as_one_layer(x, rearrange, name)


def as_one_layer(x: Any, compute: Callable[[Any], Any], name: str) -> Any:
    """Apply layers to a symbolic tensor as one layer of this name."""
    inside = keras.Input(x.shape[1:], name="input")
    return keras.Model(inside, compute(inside), name=name)(x)


def same_padding(x: Any, kernel_size: int, strides: int) -> Pads:
    """How many pixels TensorFlow's padding `same` adds: half of them, rounded down, above and to the left."""
    height, width = (max((-(-size // strides) - 1) * strides + kernel_size - size, 0) for size in x.shape[1:3])
    return (height // 2, height - height // 2), (width // 2, width - width // 2)


def wrap(x: Any, pads: Pads) -> Any:
    """Put before the first rows and columns of feature maps the last ones, and after the last ones the first ones."""
    for axis, name, (before, after) in ((1, "rows", pads[0]), (2, "columns", pads[1])):
        size = x.shape[axis]
        if max(before, after) > size:
            raise ValueError(f"{size} pixels cannot be padded with {max(before, after)}")
        parts = [crop(x, axis, size - before, 0, f"last_{name}")] if before else []
        parts += [x]
        parts += [crop(x, axis, 0, size - after, f"first_{name}")] if after else []
        if len(parts) > 1:
            x = layers.Concatenate(axis=axis, name=f"with_{name}")(parts)
    return x


def crop(x: Any, axis: int, first: int, last: int, name: str) -> Any:
    """Cut off so many of the first and of the last rows (axis 1) or columns (axis 2) of feature maps."""
    cropping = ((first, last), (0, 0)) if axis == 1 else ((0, 0), (first, last))
    return layers.Cropping2D(cropping, name=name)(x)
