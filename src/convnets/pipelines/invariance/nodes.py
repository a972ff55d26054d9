"""Shift test images, and measure how a trained network's answers and the outputs of its layers follow."""

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.harness.progress import each
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier.feed import PREDICTION_BATCH
from convnets.pipelines.classifier.nodes import reshape_images
from convnets.pipelines.translation.nodes import DIRECTIONS, KINDS, measure_translation
from convnets.showing_parameters import Translation
from convnets.training_parameters import Training

if TYPE_CHECKING:
    from keras import Layer, Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Layer = Model = Any

COMPARED_IMAGES = 500  # whose layers are compared: one figure of a layer needs no more, and they fit into memory
COMPARED_DIRECTIONS = ("right", "down right")  # one along an axis, and one diagonal
# Layers whose outputs are feature maps in other places than their inputs', or no other numbers.
NOT_COMPARED = ("input", "circular_padding2d", "flatten", "dropout")
MAPS = 4  # axes of feature maps: image, height, width, depth


def measure_shifts(  # noqa: PLR0913 - one argument for each thing that is measured or told apart
    *,
    model: Model,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    network: Network,
    training: Training,
    dataset: Dataset,
    varied: dict[str, Any],
    seed: int,
    translation: Translation,
) -> pd.DataFrame:
    """Measure the answers to shifted images of one training of a study.

    Args:
        model: Trained.
        test_images: (m, height, width) or (m, height, width, channels), float32.
        test_labels: (m,), uint8.
        network: See `design_of`.
        training: See `design_of`.
        dataset: See `design_of`.
        varied: The variant and the values that the study varies, by parameter.
        seed: Of the training.
        translation: Its `distances` and `images_of_a_training` are used.

    Returns:
        The rows of `measure_translation` for the first images, with what is varied, `seed`, what `design_of` tells, and
        `kind`: `axis` or `diagonal`.
    """
    some = slice(translation.images_of_a_training)
    measured = measure_translation(model, test_images[some], test_labels[some], network, translation)
    about = design_of(network, training, dataset) | varied | {"seed": seed}
    return measured.assign(kind=measured["direction"].map(KINDS), **about)


def design_of(network: Network, training: Training, dataset: Dataset) -> dict[str, Any]:
    """What of a network and its training is to do with shifts.

    Returns:
        `padding`, `head` and `pooling` of a convnet (`pooling` is `none` without), `-` of another network;
        `augmentation_shift` (pixels) and `canvas` (pixels; 0: none).
    """
    parameters = network.root
    pooling = getattr(parameters, "pooling", "-") if getattr(parameters, "pool_size", 1) else "none"
    return {
        "padding": getattr(parameters, "padding", "-"),
        "head": getattr(parameters, "head", "-"),
        "pooling": pooling,
        "augmentation_shift": training.augmentation.shift,
        "canvas": dataset.canvas or 0,
    }


def measure_equivariance(  # noqa: PLR0913 - one argument for each thing that is measured or told apart
    *,
    model: Model,
    test_images: np.ndarray,
    network: Network,
    varied: dict[str, Any],
    seed: int,
    translation: Translation,
) -> pd.DataFrame:
    """Measure how far the output of each layer is from shifting as the image does.

    Images are shifted as on a torus: what leaves at one edge comes in at the opposite one, so that a shift loses
    nothing. The error of feature maps is |layer(shift(x)) - shift(layer(x))| / |layer(x)|, in Euclidean norms over all
    images, with the maps shifted by the distance over the layer's total stride; it is measured where that is whole. The
    error of a vector, which has no places to shift, is |layer(shift(x)) - layer(x)| / |layer(x)|. 0 is an equivariant
    or, of a vector, an invariant layer.
    Source: K. Lenc and A. Vedaldi, "Understanding Image Representations by Measuring Their Equivariance and
    Equivalence", CVPR 2015.

    Args:
        model: Trained.
        test_images: (m, height, width) or (m, height, width, channels), float32.
        network: Its architecture and `name` are used.
        varied: The variant and the values that the study varies, by parameter.
        seed: Of the training.
        translation: Its `distances` are used.

    Returns:
        A row for each layer, distance and direction: `network`, what is varied, `seed`, `layer`, `stride` (total,
        pixels; 0 of a vector), `distance` (pixels), `kind` (`axis`: right; `diagonal`: down and right), `error`.
    """
    import keras

    strides = total_strides(model)
    compared, x = {}, model.inputs[0]
    for layer in model.layers:
        if not layer.name.startswith("input"):
            x = layer(x)  # not layer.output, which of several layers in one is inside of them
        if not layer.name.startswith(NOT_COMPARED):
            compared[layer.name] = x
    outputs = keras.Model(model.inputs[0], list(compared.values()))
    images = test_images[:COMPARED_IMAGES]

    def run(images: np.ndarray) -> list[np.ndarray]:
        inputs, _ = reshape_images(images, images, network)
        found: list[np.ndarray] = outputs.predict(inputs, batch_size=PREDICTION_BATCH, verbose=0)
        return found

    before = run(images)
    rows = []
    shifts = list(product(filter(None, translation.distances), COMPARED_DIRECTIONS))
    for distance, direction in each(shifts, "shifts", f"{network.root.name}: how its layers follow"):
        step = DIRECTIONS[direction]
        after = run(roll_images(images, distance, step))
        for layer, unshifted, shifted in zip(compared, before, after, strict=True):
            stride = strides[layer] if unshifted.ndim == MAPS else 0
            if stride and distance % stride:
                continue
            expected = roll_images(unshifted, distance // stride, step) if stride else unshifted
            error = float(np.linalg.norm(shifted - expected) / np.linalg.norm(unshifted))
            about = {"network": network.root.name, **varied, "seed": seed, "layer": layer, "stride": stride}
            rows.append({**about, "distance": distance, "kind": KINDS[direction], "error": error})
    return pd.DataFrame(rows)


def roll_images(images: np.ndarray, distance: int, step: tuple[int, int]) -> np.ndarray:
    """Shift images or feature maps as on a torus.

    Args:
        images: (n, height, width, ...), any dtype.
        distance: In pixels.
        step: Pixels down and to the right at a distance of 1.
    """
    return np.roll(images, (distance * step[0], distance * step[1]), axis=(1, 2))


def total_strides(model: Model) -> dict[str, int]:
    """How many pixels of the image one step in each layer's output is, by the layer's name; layers in a row."""
    total, strides = 1, {}
    for layer in model.layers:
        total *= _stride(layer)
        strides[layer.name] = total
    return strides


def _stride(layer: Layer) -> int:
    if layer.name == "space_to_depth":
        return int(layer.input.shape[1] // layer.output.shape[1])
    inner = [_stride(part) for part in getattr(layer, "layers", [])]
    return int(np.prod([*inner, *getattr(layer, "strides", (1,))[:1]]))
