"""Shift the test images, and evaluate the trained networks on them."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.harness.messages import ParameterError
from convnets.parameters import Dataset, Network
from convnets.pipelines.classifier.evaluation import predict, wilson_interval
from convnets.pipelines.classifier.nodes import reshape_images
from convnets.study_parameters import Translation

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


def shift_images(images: np.ndarray, distance: int, direction: str) -> np.ndarray:
    """Shift images; zeros move in, and what leaves the image is lost.

    Args:
        images: (n, height, width), any dtype.
        distance: In pixels; in diagonal directions it counts both vertically and horizontally.
        direction: One of `DIRECTIONS`.

    Returns:
        The same shape and dtype; a view of a copy.
    """
    down, right = (distance * step for step in DIRECTIONS[direction])
    _, height, width = images.shape
    padded = np.pad(images, ((0, 0), (distance, distance), (distance, distance)))
    rows, columns = distance - down, distance - right
    return padded[:, rows : rows + height, columns : columns + width]


def measure_translation(
    model: Model, test_images: np.ndarray, test_labels: np.ndarray, network: Network, translation: Translation
) -> pd.DataFrame:
    """Measure a network's accuracy on test images shifted by each distance in each direction.

    Args:
        model: Trained.
        test_images: (m, height, width), float32.
        test_labels: (m,), uint8.
        network: Its architecture and `name` are used.
        translation: Its `distances` are used.

    Returns:
        A row for each distance and direction: `network`, `distance` (pixels), `direction`, `test_accuracy` with the
        bounds of its Wilson 95 % interval `test_accuracy_low` and `test_accuracy_high`. At distance 0 all directions
        are the same.
    """
    right: dict[tuple[int, str], int] = {}
    rows = []
    for distance in translation.distances:
        for direction in DIRECTIONS:
            shift = (distance, direction if distance else "nowhere")
            if shift not in right:
                images = shift_images(test_images, distance, direction)
                inputs, _ = reshape_images(images, images, network)
                predictions, _ = predict(model, inputs, test_labels)
                right[shift] = int((predictions["label"] == predictions["predicted"]).sum())
            low, high = wilson_interval(right[shift], len(test_labels))
            rows.append(
                {
                    "network": network.root.name,
                    "distance": distance,
                    "direction": direction,
                    "test_accuracy": right[shift] / len(test_labels),
                    "test_accuracy_low": low,
                    "test_accuracy_high": high,
                }
            )
    return pd.DataFrame(rows)


def gather_accuracies(*accuracies: pd.DataFrame) -> pd.DataFrame:
    """Put the accuracies of all networks, as `measure_translation` returns them, into one table."""
    return pd.concat(accuracies, ignore_index=True)


def measure_ink(test_images: np.ndarray, translation: Translation) -> pd.DataFrame:
    """Measure how much of the digits is still in the image: no network can read what has left it.

    Args:
        test_images: (m, height, width), float32.
        translation: Its `distances` are used.

    Returns:
        A row for each distance: `distance` (pixels), and `ink`, the sum of all pixels relative to the original, mean
        over the directions.
    """
    shares = {
        distance: np.mean(
            [shift_images(test_images, distance, direction).sum(dtype=np.float64) for direction in DIRECTIONS]
        )
        / test_images.sum(dtype=np.float64)
        for distance in translation.distances
    }
    return pd.DataFrame({"distance": shares.keys(), "ink": shares.values()})


def follow_digit(
    model: Model, test_images: np.ndarray, network: Network, dataset: Dataset, translation: Translation
) -> pd.DataFrame:
    """Classify one digit as it moves.

    Args:
        model: Trained.
        test_images: (m, height, width), float32.
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
    """Take the image that is drawn as it moves: (1, height, width).

    Raises:
        ParameterError: There is no such test image.
    """
    if translation.image >= len(test_images):
        raise ParameterError(f"translation.image is {translation.image}; allowed: 0 to {len(test_images) - 1}")
    return test_images[[translation.image]]
