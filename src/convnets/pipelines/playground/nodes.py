"""Make the page of the trained networks."""

import base64
import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.figures import network_colour
from convnets.harness.messages import DataError
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.playground.bundle import assemble
from convnets.pipelines.playground.description import describe_network
from convnets.showing_parameters import Convolution

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any

SIDE = 28  # pixels, of the images that can be drawn
IMAGES = 100  # test images that the page offers
MAX_BYTES = 5_000_000
WHITE = 255
REFUSAL = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>No playground</title>
<p>There is no playground of this network: {reason}</p>
"""


def make_page(
    test_images: np.ndarray,
    test_labels: np.ndarray,
    dataset: Dataset,
    convolution: Convolution,
    **results: Any,
) -> str:
    """Make the page.

    Args:
        test_images: (m, 28, 28) or (m, 28, 28, 1), float32, from 0 to 1.
        test_labels: (m,), uint8.
        dataset: Its `name` and `class_names` are used.
        convolution: Its `kernels` are used.
        **results: Of each network, by its name, the trained model, and by `<name>_metrics` its metrics.

    Returns:
        HTML, one file that needs nothing else.

    Raises:
        DataError: The page cannot run a network or show the images, or would be larger than `MAX_BYTES`.
    """
    check_shape(test_images, dataset)
    models = {name: model for name, model in results.items() if f"{name}_metrics" in results}
    chosen = choose_images(test_labels)
    pixels = np.rint(test_images[chosen].reshape(len(chosen), -1) * WHITE).astype(np.uint8)
    page = assemble(
        {
            "dataset": dataset.name,
            "classNames": [*dataset.class_names],
            "test": {
                "images": base64.b64encode(pixels.tobytes()).decode(),
                "labels": test_labels[chosen].tolist(),
                "indices": chosen.tolist(),
            },
            "kernels": {name: [[*row] for row in kernel] for name, kernel in convolution.kernels.items()},
            "networks": [
                describe_results(name, model, results[f"{name}_metrics"], dataset) for name, model in models.items()
            ],
        }
    )
    if (size := len(page.encode())) > MAX_BYTES:
        parameters = ", ".join(f"{name} has {model.count_params():,}" for name, model in models.items())
        raise DataError(
            f"The playground would be a file of {size:,} bytes, for of parameters {parameters}; "
            f"allowed: {MAX_BYTES:,} bytes, about 1,700,000 parameters of all networks together"
        )
    return page


def make_page_of_network(  # noqa: PLR0913, PLR0917 - what a page is made of
    model: Model,
    metrics: dict[str, float | None],
    test_images: np.ndarray,
    test_labels: np.ndarray,
    network: Network,
    dataset: Dataset,
    convolution: Convolution,
) -> str:
    """Make the page of one network, which its run records. Other arguments as of `make_page`.

    Args:
        model: Trained.
        metrics: Its metrics.
        test_images: See `make_page`.
        test_labels: See `make_page`.
        network: Its `name` is used.
        dataset: See `make_page`.
        convolution: See `make_page`.

    Returns:
        HTML. Where the page cannot be made, it says why: a training does not fail for that.
    """
    name = network.root.name
    results = {name: model, f"{name}_metrics": metrics}
    try:
        return make_page(test_images, test_labels, dataset, convolution, **results)
    except DataError as error:
        return REFUSAL.format(reason=html.escape(f"{error}."))


def check_shape(test_images: np.ndarray, dataset: Dataset) -> None:
    """Refuse images that cannot be drawn.

    Raises:
        DataError: They are not of 28 x 28 pixels with one channel.
    """
    if test_images.shape[1:] not in {(SIDE, SIDE), (SIDE, SIDE, 1)}:
        found = " x ".join(map(str, test_images.shape[1:]))
        raise DataError(
            f"{dataset.name} has images of {found} numbers, and in the playground one draws {SIDE} x {SIDE} grey "
            f"pixels; allowed: {SIDE} x {SIDE} x 1"
        )


def choose_images(test_labels: np.ndarray, count: int = IMAGES) -> np.ndarray:
    """Choose the first test images of each class, of all classes as many, or as there are.

    Args:
        test_labels: (m,), uint8.
        count: How many, at most.

    Returns:
        (count,) or fewer, int: their indices, in order.
    """
    labels = np.unique(test_labels)
    of_each = max(count // len(labels), 1)
    chosen = np.concatenate([np.flatnonzero(test_labels == label)[:of_each] for label in labels])
    indices: np.ndarray = np.sort(chosen)[:count]
    return indices


def describe_results(name: str, model: Model, metrics: Mapping[str, float], dataset: Dataset) -> dict[str, Any]:
    """Describe a network, and what is known of it.

    Raises:
        DataError: The page cannot run it, or it was trained on other images or classes.
    """
    if np.prod(model.input_shape[1:]) != SIDE * SIDE or model.output_shape[-1] != len(dataset.class_names):
        shape = " x ".join(map(str, model.input_shape[1:]))
        raise DataError(
            f"{name}.model takes images of {shape} numbers and tells {model.output_shape[-1]} classes apart; expected "
            f"{SIDE} x {SIDE} and {len(dataset.class_names)}, as of {dataset.name}: train it again"
        )
    return describe_network(name, model) | {
        "colour": network_colour(name),
        "parameters": model.count_params(),
        "test": {
            "accuracy": metrics["test_accuracy"],
            "low": metrics["test_accuracy_low"],
            "high": metrics["test_accuracy_high"],
        },
    }
