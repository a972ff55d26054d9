"""The exercises with trained networks: break the claim of translation invariance, cure it, learn from few images."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.exercises.answers import Feedback, as_numbers, checked, hint, praise
from convnets.pipelines.classifier.evaluation import predict
from convnets.pipelines.comparison.nodes import compare_pairs
from convnets.pipelines.report.findings import SIGNIFICANCE
from convnets.pipelines.translation.nodes import DIRECTIONS, KINDS, shift_images

if TYPE_CHECKING:
    from keras import Model
else:
    Model = Any

FARTHEST = 4  # pixels: 99 % of the ink are still in the image
SAME_ANSWERS = 0.95  # the share of images that a cured network answers as before
LEARNED = 0.8  # an accuracy that no network has by chance
FEWER_ERRORS = 2 / 3


def ask(model: Model, images: np.ndarray, labels: np.ndarray | None = None) -> pd.DataFrame:
    """Ask a model of any architecture, as `predict` does, about images (n, height, width), float32."""
    inputs = images.reshape(len(images), *model.input_shape[1:])
    predictions, _ = predict(model, inputs, np.zeros(len(images)) if labels is None else labels)
    return predictions


def answers_to(model: Model, images: np.ndarray) -> np.ndarray:
    """The class, (n,), int, of each image (n, height, width), float32, by a model of any architecture."""
    answers: np.ndarray = ask(model, images)["predicted"].to_numpy()
    return answers


@checked
def check_shift(  # noqa: PLR0913 - a model, what it is asked about, and three answers
    model: Model, test_images: np.ndarray, test_labels: np.ndarray, *, image: Any, distance: Any, direction: Any
) -> Feedback:
    """Check that a shift by at most four pixels makes a model read a digit wrongly that it reads rightly unshifted.

    Args:
        model: Trained.
        test_images: (m, height, width), float32.
        test_labels: (m,), uint8.
        image: The number of a test image.
        distance: In pixels.
        direction: One of `DIRECTIONS`.
    """
    number, pixels = as_numbers(image), as_numbers(distance)
    if number.ndim or pixels.ndim or number % 1 or pixels % 1 or not 0 <= number < len(test_images):
        return hint(
            f"image and distance are one whole number each, and images are counted from 0 to {len(test_images) - 1}."
        )
    towards = str(direction).strip().lower().replace("-", " ").replace("_", " ")
    if towards not in DIRECTIONS:
        return hint(f"The direction is one of: {', '.join(DIRECTIONS)}.")
    if not 1 <= pixels <= FARTHEST:
        return hint(
            f"Shift it by 1 to {FARTHEST} pixels: farther, the digit leaves the image, and nobody could read it."
        )
    digit, label = test_images[[int(number)]], int(test_labels[int(number)])
    before, after = answers_to(model, np.concatenate([digit, shift_images(digit, int(pixels), towards)]))
    if before != label:
        return hint(
            f"Image {number:.0f} is a {label} and read as a {before} where it is: begin with one that is read rightly."
        )
    if after == label:
        return hint(
            f"It is still read as a {label}. Which ink comes near the border: of a wide digit or a thin one? And which "
            f"directions move it farther by the same distance?"
        )
    return praise(
        f"A {label} that is moved by {pixels:.0f} pixels ({towards}) becomes a {after}: the maps move with the digit, "
        "but something above them does not."
    )


@checked
def check_cured(model: Model, test_images: np.ndarray, test_labels: np.ndarray) -> Feedback:
    """Check that a model gives diagonally shifted digits the answers that it gives them unshifted, and right ones.

    Args:
        model: Trained.
        test_images: (m, height, width), float32.
        test_labels: (m,), uint8.
    """
    answers = answers_to(model, test_images)
    accuracy = (answers == test_labels).mean()
    moved = [
        answers_to(model, shift_images(test_images, FARTHEST, direction))
        for direction, kind in KINDS.items()
        if kind == "diagonal"
    ]
    share = np.mean([(answers == others).mean() for others in moved])
    found = f"{share:.1%} of the digits keep their answer when they move by four pixels diagonally"
    if share >= SAME_ANSWERS and accuracy >= LEARNED:
        return praise(f"{found}, and {accuracy:.1%} are read rightly.")
    if share >= SAME_ANSWERS:
        return hint(
            f"{found}, but only {accuracy:.1%} are read rightly: let the network learn longer, or from more images."
        )
    return hint(f"{found}. {_what_is_left(model)}")


def _what_is_left(model: Model) -> str:
    """What still depends on where the digit is, by the layers that the model has."""
    kinds = {type(layer).__name__ for layer in model.layers}
    if "Conv2D" not in kinds:
        return "A dense layer has a weight for each place: no pattern that it learns at one is known at another."
    if "Flatten" in kinds:
        return (
            "The last maps are laid flat, so each of their places has weights of its own: which heads in "
            "network_parameters.py do not ask where a pattern is?"
        )
    if not any("circular" in layer.name for layer in model.layers):
        return "The head no longer asks where. What do the convolutions meet at the border, and which padding has none?"
    return "Border and head are right: does it learn long enough to be sure of its answers?"


@checked
def check_better(fcn: Model, model: Model, test_images: np.ndarray, test_labels: np.ndarray) -> Feedback:
    """Check that a model makes at most two thirds of the errors of `fcn`, and that chance does not explain it.

    Args:
        fcn: Trained on the same images.
        model: Trained, another one.
        test_images: (m, height, width), float32.
        test_labels: (m,), uint8.
    """
    test = compare_pairs(fcn=ask(fcn, test_images, test_labels), yours=ask(model, test_images, test_labels)).iloc[0]
    errors, fcn_errors = test[["only_network_right", "only_other_right"]] + test["both_wrong"]
    found = f"{errors} errors against {fcn_errors} of fcn (McNemar's test: p = {test['p_value']:.1g})"
    if test["p_value"] >= SIGNIFICANCE:
        return hint(f"{found}: that may be luck. Has it had the time? 1,000 images are 16 batches of 64 in an epoch.")
    if errors <= fcn_errors * FEWER_ERRORS:
        return praise(f"{found}.")
    if not any(type(layer).__name__ == "Conv2D" for layer in model.layers):
        return hint(f"{found}. More units see the same: which layers share what they learn between all places?")
    return hint(
        f"{found}. It shares what it learns, but has it had the time? More epochs help, and so do images that are "
        "never twice the same (training_parameters.py)."
    )
