"""Ask networks for corrupted test images, and measure how right and how sure they are."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.harness.progress import each
from convnets.network_parameters import Network
from convnets.pipelines.classifier.evaluation import (
    calibrate,
    expected_calibration_error,
    predict,
    probabilities_of,
)
from convnets.pipelines.classifier.nodes import reshape_images
from convnets.pipelines.classifier.optimization import count_learned
from convnets.pipelines.robustness.calibration import cross_entropy, fit_temperature, scale_by_temperature
from convnets.pipelines.robustness.corruptions import CORRUPTIONS, corrupt
from convnets.robustness_parameters import Robustness
from convnets.significance import wilson_interval
from convnets.training_parameters import Training

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any

NONE = "none"  # of corruptions: the images as they are, severity 0
CONDITION = ["corruption", "severity", "amount"]


def conditions_of(robustness: Robustness) -> list[tuple[str, int, float]]:
    """What is done to the test images, one after the other.

    Args:
        robustness: Its `corruptions` are used.

    Returns:
        The corruption, its severity, from 1, and its amount; first of all nothing, of severity 0.
    """
    corruptions = robustness.corruptions.model_dump()
    return [
        (NONE, 0, np.nan),
        *((name, place, amount) for name in CORRUPTIONS for place, amount in enumerate(corruptions[name], start=1)),
    ]


def answer_corrupted(
    model: Model, test_images: np.ndarray, test_labels: np.ndarray, network: Network, robustness: Robustness
) -> pd.DataFrame:
    """Ask a network for all test images, corrupted in each way.

    Args:
        model: Trained.
        test_images: (m, height, width) or (m, height, width, channels), float32.
        test_labels: (m,), uint8.
        network: Its architecture is used.
        robustness: Its `corruptions` and its `seed` are used.

    Returns:
        A row for each condition and image: `corruption`, `severity`, `amount` (missing where there is none), and what
        `predict` returns.
    """
    tables = []
    conditions = conditions_of(robustness)
    for corruption, severity, amount in each(conditions, "conditions", f"{network.root.name} reads corrupted images"):
        images = test_images if severity == 0 else corrupt(test_images, corruption, amount, robustness.seed)
        answers = _ask(model, images, test_labels, network)
        for place, (name, value) in enumerate(zip(CONDITION, (corruption, severity, amount), strict=True)):
            answers.insert(place, name, value)
        tables.append(answers)
    return pd.concat(tables, ignore_index=True)


def answer_held_back(
    model: Model, train_images: np.ndarray, train_labels: np.ndarray, network: Network, training: Training
) -> pd.DataFrame:
    """Ask a network for the training images that were held back from it.

    Args:
        model: Trained.
        train_images: (n, height, width) or (n, height, width, channels), float32.
        train_labels: (n,), uint8.
        network: Its architecture is used.
        training: Its `validation_split` is used.

    Returns:
        What `predict` returns.
    """
    learned = count_learned(len(train_images), training)
    return _ask(model, train_images[learned:], train_labels[learned:], network)


def _ask(model: Model, images: np.ndarray, labels: np.ndarray, network: Network) -> pd.DataFrame:
    inputs, _ = reshape_images(images, images, network)
    answers, _ = predict(model, inputs, labels)
    return answers


def average(*answers: pd.DataFrame) -> pd.DataFrame:
    """The answers of an ensemble: the mean of its members' probabilities.

    Args:
        *answers: Of each member, as `answer_corrupted` or `answer_held_back` returns them, to the same images.

    Returns:
        A table of the same columns.
    """
    probabilities = np.mean([probabilities_of(table) for table in answers], axis=0, dtype=np.float64)
    ensemble = answers[0].drop(columns=answers[0].filter(regex=r"^p\d+$").columns)
    ensemble["predicted"] = probabilities.argmax(axis=1)
    columns = [f"p{label}" for label in range(probabilities.shape[1])]
    return pd.concat([ensemble, pd.DataFrame(probabilities, columns=columns)], axis=1)


def measure_training(
    corrupted_answers: pd.DataFrame, validation_answers: pd.DataFrame, network: Network, seed: int
) -> pd.DataFrame:
    """Measure a network under each condition, as it is and with the temperature that fits images held back from it.

    Args:
        corrupted_answers: As `answer_corrupted` returns them.
        validation_answers: As `answer_held_back` returns them.
        network: Its `name` is used.
        seed: Of its training.

    Returns:
        A row for each condition: `network`, `members` (1), `seed`, and what `measure` returns.
    """
    measured = measure(corrupted_answers, validation_answers)
    about = pd.DataFrame({"network": network.root.name, "members": 1, "seed": seed}, index=measured.index)
    return pd.concat([about, measured], axis=1)


def measure_ensemble(
    corrupted_answers: pd.DataFrame, validation_answers: pd.DataFrame, network: Network, robustness: Robustness
) -> pd.DataFrame:
    """The same of an ensemble of a network: `seed` is missing, and `members` are as many as seeds."""
    measured = measure(corrupted_answers, validation_answers)
    about = pd.DataFrame(
        {"network": network.root.name, "members": len(robustness.seeds), "seed": np.nan}, index=measured.index
    )
    return pd.concat([about, measured], axis=1)


def measure(corrupted_answers: pd.DataFrame, validation_answers: pd.DataFrame) -> pd.DataFrame:
    """Measure how right and how sure answers are.

    Args:
        corrupted_answers: As `answer_corrupted` or `average` returns them.
        validation_answers: As `answer_held_back` or `average` returns them; the temperature is fitted to them.

    Returns:
        A row for each condition: `corruption`, `severity`, `amount`, `temperature`, `test_accuracy` with the bounds of
        its Wilson 95 % interval `test_accuracy_low` and `test_accuracy_high`, the mean `confidence`,
        `expected_calibration_error`, `test_loss` (nats); and the last three with the temperature: `scaled_confidence`,
        `scaled_calibration_error`, `scaled_loss`. A temperature leaves the accuracy as it is.
    """
    temperature = fit_temperature(probabilities_of(validation_answers), validation_answers["label"].to_numpy())
    rows = []
    for condition, answers in corrupted_answers.groupby(CONDITION, sort=False, dropna=False):
        right = answers["label"] == answers["predicted"]
        low, high = wilson_interval(int(right.sum()), len(right))
        plain, scaled = _sureness(answers, 1.0), _sureness(answers, temperature)
        rows.append(
            dict(zip(CONDITION, condition, strict=True))
            | {
                "temperature": temperature,
                "test_accuracy": float(right.mean()),
                "test_accuracy_low": low,
                "test_accuracy_high": high,
                **dict(zip(("confidence", "expected_calibration_error", "test_loss"), plain, strict=True)),
                **dict(zip(("scaled_confidence", "scaled_calibration_error", "scaled_loss"), scaled, strict=True)),
            }
        )
    return pd.DataFrame(rows)


def _sureness(answers: pd.DataFrame, temperature: float) -> tuple[float, float, float]:
    """Mean confidence, calibration error and cross-entropy of answers with a temperature."""
    before = probabilities_of(answers)
    probabilities = scale_by_temperature(before, temperature)
    columns = {f"p{label}": column for label, column in enumerate(probabilities.T)}
    error = expected_calibration_error(calibrate(answers[["label", "predicted"]].assign(**columns)))
    loss = cross_entropy(before, answers["label"].to_numpy(), temperature)
    return float(probabilities.max(axis=1).mean()), error, loss


def gather_measures(*measures: pd.DataFrame) -> pd.DataFrame:
    """Put the measures of all trainings and all ensembles into one table."""
    return pd.concat(measures, ignore_index=True).astype({"seed": "Int64"})
