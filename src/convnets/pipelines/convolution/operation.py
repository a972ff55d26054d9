"""The convolution operation, its windows and its sizes, computed by Keras's layers."""

from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from convnets.harness.messages import ParameterError
from convnets.image_shapes import to_grey
from convnets.showing_parameters import Convolution

if TYPE_CHECKING:
    from keras import Layer
else:  # Kedro reads the annotations before TensorFlow is wanted
    Layer = Any

Padding = Literal["valid", "same"]
IMAGE_SIZES, KERNEL_SIZES, STRIDES = (5, 13, 26, 28), (1, 2, 3, 5), (1, 2, 3)


def apply_layer(layer: Layer, images: np.ndarray) -> np.ndarray:
    """Apply a Keras layer to feature maps of one channel.

    Args:
        layer: Takes and gives (samples, height, width, 1).
        images: (samples, height, width).

    Returns:
        (samples, output height, output width), float32.
    """
    output: np.ndarray = np.asarray(layer(images[..., np.newaxis].astype(np.float32)))[..., 0]
    return output


def convolution_layer(kernel: np.ndarray, padding: Padding = "valid", strides: int = 1) -> Layer:
    """A `Conv2D` with one filter, whose weights are set by hand.

    Args:
        kernel: (height, width).
        padding: Of the layer.
        strides: Of the layer.

    Returns:
        The layer, without bias or activation.
    """
    import keras

    layer = keras.layers.Conv2D(1, kernel.shape, strides=strides, padding=padding, use_bias=False)
    layer.build((None, None, None, 1))
    layer.set_weights([kernel.astype(np.float32)[..., np.newaxis, np.newaxis]])
    return layer


def choose_image(test_images: np.ndarray, convolution: Convolution) -> np.ndarray:
    """Take the image that is followed through the layers.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        convolution: Its `image` is used.

    Returns:
        (1, height, width), or with channels, float32.

    Raises:
        ParameterError: There is no such test image.
    """
    if convolution.image >= len(test_images):
        raise ParameterError(f"convolution.image is {convolution.image}; allowed: 0 to {len(test_images) - 1}")
    return test_images[[convolution.image]]


def compute_response_maps(test_images: np.ndarray, convolution: Convolution) -> dict[str, np.ndarray]:
    """Slide each kernel over the chosen image, or over its luminance if it has colours.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        convolution: Its `image` and `kernels` are used.

    Returns:
        By kernel, the response map (height - 2, width - 2), float32: where, and how strongly, the pattern is present.
    """
    image = to_grey(choose_image(test_images, convolution))
    return {
        name: apply_layer(convolution_layer(np.array(kernel)), image)[0] for name, kernel in convolution.kernels.items()
    }


def locate_windows(size: int, kernel_size: int, padding: Padding, strides: int) -> np.ndarray:
    """Find where a layer lays its windows, by letting it convolve an image of its own pixels' positions.

    The kernel is 1 at the pixel that `same` padding keeps inside the image and 0 elsewhere, so that the layer answers
    with that pixel's row and column.

    Args:
        size: Height and width of the image, in pixels.
        kernel_size: Height and width of the window, in pixels.
        padding: Of the layer.
        strides: Of the layer.

    Returns:
        (windows, 2), int: the row and column of each window's upper left pixel; -1 is a row or column of padding.
    """
    inside = (kernel_size - 1) // 2
    kernel = np.zeros((kernel_size, kernel_size))
    kernel[inside, inside] = 1
    rows_and_columns = apply_layer(convolution_layer(kernel, padding, strides), np.indices((size, size)))
    positions: np.ndarray = rows_and_columns.reshape(2, -1).T.round().astype(int) - inside
    return positions


def output_size(size: int, kernel_size: int, padding: Padding, strides: int) -> int:
    """The height or width of a convolution's output, by the formula.

    `valid`: floor((size - kernel_size) / strides) + 1; `same`: ceil(size / strides).
    Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016, section 2.4.

    Args:
        size: Height or width of the input, in pixels.
        kernel_size: Of the window, in pixels.
        padding: `valid` or `same`.
        strides: In pixels.
    """
    if padding == "same":
        return -(-size // strides)
    return (size - kernel_size) // strides + 1


def tabulate_output_sizes() -> pd.DataFrame:
    """Compute output sizes by the layer and by the formula, for many inputs, kernels, paddings and strides.

    Returns:
        A row for each: `size`, `kernel_size`, `padding`, `strides`, `size_by_layer`, `size_by_formula`, `equal`.
    """
    import keras

    rows = []
    paddings: tuple[Padding, Padding] = ("valid", "same")
    for size, kernel_size, padding, strides in product(IMAGE_SIZES, KERNEL_SIZES, paddings, STRIDES):
        layer = keras.layers.Conv2D(1, kernel_size, strides=strides, padding=padding)
        by_layer = layer(np.zeros((1, size, size, 1), np.float32)).shape[1]
        by_formula = output_size(size, kernel_size, padding, strides)
        rows.append((size, kernel_size, padding, strides, by_layer, by_formula, by_layer == by_formula))
    columns = ["size", "kernel_size", "padding", "strides", "size_by_layer", "size_by_formula", "equal"]
    return pd.DataFrame(rows, columns=columns)


def downsample(test_images: np.ndarray, convolution: Convolution) -> dict[str, np.ndarray]:
    """Halve a response map in three ways.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        convolution: Its `image` and the first of its `kernels` are used.

    Returns:
        The `response map` of the convolution, and what `max pooling`, `average pooling` and a `strided convolution` in
        its place make of it, float32.
    """
    import keras

    image = to_grey(choose_image(test_images, convolution))
    kernel = np.array(next(iter(convolution.kernels.values())))
    response_map = apply_layer(convolution_layer(kernel), image)
    return {
        "response map": response_map[0],
        "max pooling": apply_layer(keras.layers.MaxPooling2D(2), response_map)[0],
        "average pooling": apply_layer(keras.layers.AveragePooling2D(2), response_map)[0],
        "strided convolution": apply_layer(convolution_layer(kernel, strides=2), image)[0],
    }
