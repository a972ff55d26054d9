"""Shift the test images, and evaluate the trained networks on them."""

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.harness.messages import ParameterError
from convnets.harness.progress import each
from convnets.network_parameters import Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier.evaluation import predict
from convnets.pipelines.classifier.nodes import reshape_images
from convnets.showing_parameters import Translation
from convnets.significance import wilson_interval

if TYPE_CHECKING:
    from keras import Model
else:
    Model = Any

DIRECTIONS = {  # pixels down and to the right, at a distance of 1
    "right": (0, 1),
    "down right": (1, 1),
    "down": (1, 0),
    "down left": (1, -1),
    "left": (0, -1),
    "up left": (-1, -1),
    "up": (-1, 0),
    "up right": (-1, 1),
}


AXES = ("right", "down", "left", "up")
KINDS = {direction: "axis" if direction in AXES else "diagonal" for direction in DIRECTIONS}
"""Diagonally, a distance of 4 moves each pixel by 5.7: what is measured there is a kind of its own."""


def shift_images(images: np.ndarray, distance: int, direction: str) -> np.ndarray:
    """Shift images; zeros move in, and what leaves the image is lost.

    Args:
        images: (n, height, width) or (n, height, width, channels), any dtype.
        distance: In pixels; in diagonal directions it counts both vertically and horizontally.
        direction: One of `DIRECTIONS`.

    Returns:
        The same shape and dtype; a view of a copy.
    """
    down, right = (distance * step for step in DIRECTIONS[direction])
    height, width = images.shape[1:3]
    around = (distance, distance)
    padded = np.pad(images, [(0, 0), around, around, (0, 0)][: images.ndim])
    rows, columns = distance - down, distance - right
    return padded[:, rows : rows + height, columns : columns + width]


def measure_translation(
    model: Model, test_images: np.ndarray, test_labels: np.ndarray, network: Network, translation: Translation
) -> pd.DataFrame:
    """Measure a network's accuracy on test images shifted by each distance in each direction.

    Args:
        model: Trained.
        test_images: (m, height, width) or (m, height, width, channels), float32.
        test_labels: (m,), uint8.
        network: Its architecture and `name` are used.
        translation: Its `distances` are used.

    Returns:
        A row for each distance and direction: `network`, `distance` (pixels), `direction`, `test_accuracy` with the
        bounds of its Wilson 95 % interval `test_accuracy_low` and `test_accuracy_high`, and `consistency`, the share of
        images that get the same answer as unshifted. At distance 0 all directions are the same.
    """

    def answers(distance: int, direction: str) -> np.ndarray:
        images = shift_images(test_images, distance, direction)
        inputs, _ = reshape_images(images, images, network)
        found: np.ndarray = predict(model, inputs, test_labels)[0]["predicted"].to_numpy()
        return found

    unshifted = answers(0, "right")
    rows = []
    shifts = list(product(translation.distances, DIRECTIONS))
    for distance, direction in each(shifts, "shifts", f"{network.root.name} reads shifted images"):
        predicted = answers(distance, direction) if distance else unshifted
        right = int((predicted == test_labels).sum())
        low, high = wilson_interval(right, len(test_labels))
        rows.append(
            {
                "network": network.root.name,
                "distance": distance,
                "direction": direction,
                "test_accuracy": right / len(test_labels),
                "test_accuracy_low": low,
                "test_accuracy_high": high,
                "consistency": float((predicted == unshifted).mean()),
            }
        )
    return pd.DataFrame(rows)


def gather_accuracies(*accuracies: pd.DataFrame) -> pd.DataFrame:
    """Put the accuracies of all networks, as `measure_translation` returns them, into one table."""
    return pd.concat(accuracies, ignore_index=True)


def measure_ink(test_images: np.ndarray, translation: Translation) -> pd.DataFrame:
    """Measure how much of the digits is still in the image: no network can read what has left it.

    Args:
        test_images: (m, height, width) or (m, height, width, channels), float32.
        translation: Its `distances` are used.

    Returns:
        A row for each `kind` of direction (`axis` or `diagonal`) and `distance` (pixels): `ink`, the sum of all pixels
        relative to the original, mean over the directions.
    """
    whole = test_images.sum(dtype=np.float64)
    rows = [
        (kind, distance, shift_images(test_images, distance, direction).sum(dtype=np.float64) / whole)
        for distance in translation.distances
        for direction, kind in KINDS.items()
    ]
    shares = pd.DataFrame(rows, columns=["kind", "distance", "ink"])
    return shares.groupby(["kind", "distance"], sort=False).mean().reset_index()


def follow_digit(
    model: Model, test_images: np.ndarray, network: Network, dataset: Dataset, translation: Translation
) -> pd.DataFrame:
    """Classify one digit as it moves.

    Args:
        model: Trained.
        test_images: (m, height, width) or (m, height, width, channels), float32.
        network: Its architecture is used.
        dataset: Its `class_names` are used.
        translation: Its `distances`, `image` and `direction` are used.

    Returns:
        A row for each distance: `distance` (pixels), `predicted` (a class name), `probability`.

    Raises:
        ParameterError: There is no such test image.
    """
    image = choose_digit(test_images, translation)
    moved = np.concatenate([shift_images(image, by, translation.direction) for by in translation.distances])
    inputs, _ = reshape_images(moved, moved, network)
    probabilities = model.predict(inputs, verbose=0)
    return pd.DataFrame(
        {
            "distance": translation.distances,
            "predicted": [dataset.class_names[answer] for answer in probabilities.argmax(axis=1)],
            "probability": probabilities.max(axis=1),
        }
    )


def choose_digit(test_images: np.ndarray, translation: Translation) -> np.ndarray:
    """Take the image that is drawn as it moves: (1, height, width), or with channels.

    Raises:
        ParameterError: There is no such test image.
    """
    if translation.image >= len(test_images):
        raise ParameterError(f"translation.image is {translation.image}; allowed: 0 to {len(test_images) - 1}")
    return test_images[[translation.image]]
