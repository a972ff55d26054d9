"""Predict and evaluate: what each trained network is worth."""

import math
import tempfile
import time
from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.parameters import Dataset
from convnets.pipelines.classifier.feed import PREDICTION_BATCH, batches
from convnets.precision import choose_policy
from convnets.significance import wilson_interval
from convnets.training_parameters import Training

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any

CALIBRATION_BINS = 10
MIN_PROBABILITY = 1e-7  # Keras's epsilon: it clips probabilities before it takes their logarithm


def record_results(  # noqa: PLR0913 - one argument for each thing that is recorded
    *,
    history: pd.DataFrame,
    metrics: dict[str, Any],
    train_images: Sized,
    test_images: Sized,
    training: Training,
    precision: str,
    seed: int,
    run_id: str | None,
) -> dict[str, Any]:
    """Put into one file what a network was trained with and what came of it, so that those who compare know both.

    Args:
        history: A row for each epoch.
        metrics: As `evaluate` returns them.
        train_images: They are counted, those held back for validation included.
        test_images: They are counted.
        training: How the network was trained.
        precision: As asked for; what the machine made of it is noted.
        seed: Of weights and order.
        run_id: Where the training is recorded; `None`: nowhere.

    Returns:
        `seed`, `train_samples`, `test_samples`, `epochs` (those trained), `optimizer`, `learning_rate` (`None`: Keras's
        default), `batch_size`, `precision` and `mlflow_run`; `metrics`; and `history`, a dictionary for each epoch.
    """
    return {
        "seed": seed,
        "train_samples": len(train_images),
        "test_samples": len(test_images),
        "epochs": len(history),
        **training.model_dump(include={"optimizer", "learning_rate", "batch_size"}),
        "precision": choose_policy(precision),
        "mlflow_run": run_id,
        "metrics": metrics,
        "history": history.to_dict("records"),
    }


def predict(model: Model, test_inputs: np.ndarray, test_labels: np.ndarray) -> tuple[pd.DataFrame, dict[str, float]]:
    """Ask the network for the class of every test image.

    Args:
        model: Trained.
        test_inputs: (m, ...), float32.
        test_labels: (m,), uint8.

    Returns:
        A table with a row for each test image: `label`, `predicted`, and the probability of each class, `p0`, `p1`, ...
        (float32); and `predict_images_per_second`, measured on it.
    """
    model.predict(batches((test_inputs[:PREDICTION_BATCH],), PREDICTION_BATCH), verbose=0)  # compiles
    started = time.perf_counter()
    probabilities = model.predict(batches((test_inputs,), PREDICTION_BATCH), verbose=0)
    seconds = time.perf_counter() - started
    predictions = pd.DataFrame(probabilities, columns=[f"p{label}" for label in range(probabilities.shape[1])])
    predictions.insert(0, "label", test_labels.astype(np.int64))
    predictions.insert(1, "predicted", probabilities.argmax(axis=1))
    return predictions, {"predict_images_per_second": len(test_inputs) / seconds}


def evaluate(  # noqa: PLR0913 - one argument for each thing that is summed up
    *,
    model: Model,
    history: pd.DataFrame,
    predictions: pd.DataFrame,
    prediction_speed: dict[str, float],
    calibration: pd.DataFrame,
    lecture_accuracy: float | None,
) -> dict[str, float | None]:
    """Sum up how well the network does on the test images, and what it costs.

    Args:
        model: Trained.
        history: A row for each epoch, with `epoch_seconds` and `images_per_second`, and `kept` where the best is kept.
        predictions: As `predict` returns them.
        prediction_speed: As `predict` returns it.
        calibration: As `calibrate` returns it.
        lecture_accuracy: What the lecture reports, if it does.

    Returns:
        `test_loss` (the mean cross-entropy in nats), `test_accuracy` with the bounds of its Wilson 95 % interval
        `test_accuracy_low` and `test_accuracy_high`, `test_error_percent` and the number of `wrong_images`,
        `expected_calibration_error`, `fit_seconds`, `parameters`, `operations` (multiplications and additions of the
        whole training, see `count_operations`), `fit_images_per_second` learned from over all epochs,
        `predict_images_per_second`, `model_bytes`, the size of the model's `.keras` file, and `lecture_accuracy`; where
        the best epoch was kept, `best_epoch`.
    """
    right = predictions["label"] == predictions["predicted"]
    low, high = wilson_interval(int(right.sum()), len(right))
    probability_of_label = probabilities_of(predictions)[np.arange(len(predictions)), predictions["label"]]
    return {
        "parameters": model.count_params(),
        "operations": count_operations(model) * images_shown(history),
        "test_loss": float(-np.log(np.clip(probability_of_label, MIN_PROBABILITY, 1)).mean(dtype=np.float64)),
        "test_accuracy": float(right.mean()),
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "test_error_percent": 100 * float((~right).mean()),
        "wrong_images": int((~right).sum()),
        "expected_calibration_error": expected_calibration_error(calibration),
        "fit_seconds": float(history["epoch_seconds"].sum()),
        "fit_images_per_second": float(np.average(history["images_per_second"], weights=history["epoch_seconds"])),
        **prediction_speed,
        "model_bytes": _keras_file_bytes(model),
        "lecture_accuracy": lecture_accuracy,
        **({"best_epoch": int(history.loc[history["kept"], "epoch"].item())} if "kept" in history else {}),
    }


def count_operations(model: Model) -> int:
    """The multiplications and additions of one gradient step, for each image of its batch.

    Counted are those of the weights of dense and of convolution layers. Each weight is used once at each position of
    its layer's output, in a multiplication and an addition; the gradients by the weights and by the inputs cost as much
    again, and the first layer needs none by its inputs.
    """
    forward = [
        2 * math.prod(layer.output.shape[1:-1]) * math.prod(layer.kernel.shape)
        for layer in model.layers
        if hasattr(layer, "kernel")
    ]
    return int(3 * sum(forward) - forward[0])


def images_shown(history: pd.DataFrame) -> int:
    """How many images the network has learned from in all epochs together; one that was shown twice counts twice."""
    return round(float((history["epoch_seconds"] * history["images_per_second"]).sum()))


def _keras_file_bytes(model: Model) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.stat().st_size


def probabilities_of(predictions: pd.DataFrame) -> np.ndarray:
    """The probability of each class, (n, classes), float32, of a table as `predict` returns it."""
    probabilities: np.ndarray = predictions.filter(regex=r"^p\d+$").to_numpy()
    return probabilities


def score_classes(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Score each class on its own.

    Args:
        predictions: As `predict` returns them.
        dataset: Its `class_names` are used.

    Returns:
        A row for each class: `class`, `precision`, `recall`, `f1`, `samples`. A score that is 0 / 0 is 0.
    """
    counts = _confusion_matrix(predictions, len(dataset.class_names))
    right, samples, guesses = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)

    def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        shares: np.ndarray = part / np.maximum(whole, 1)  # where the whole is 0, so is the part
        return shares

    return pd.DataFrame(
        {
            "class": dataset.class_names,
            "precision": share(right, guesses),
            "recall": share(right, samples),
            "f1": share(2 * right, samples + guesses),
            "samples": samples,
        }
    )


def _confusion_matrix(predictions: pd.DataFrame, classes: int) -> np.ndarray:
    """How many images of a class (row) were taken for a class (column), (classes, classes), int64."""
    pairs = predictions["label"] * classes + predictions["predicted"]
    counts: np.ndarray = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    return counts


def count_confusions(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Count which class was taken for which.

    Args:
        predictions: As `predict` returns them.
        dataset: Its `class_names` are used.

    Returns:
        A row for each true class, named in the column `label`, and a column for each predicted class.
    """
    names = list(dataset.class_names)
    confusions = pd.DataFrame(_confusion_matrix(predictions, len(names)), columns=names)
    confusions.insert(0, "label", names)
    return confusions


def calibrate(predictions: pd.DataFrame) -> pd.DataFrame:
    """Compare how sure the network is with how often it is right.

    Args:
        predictions: As `predict` returns them.

    Returns:
        A row for each of ten bins of equal width of the highest probability: `low` and `high` (of the bin, which
        includes `high`), `samples`, `confidence` (mean highest probability), `accuracy`; the last two are missing in
        an empty bin.
    """
    confidence = probabilities_of(predictions).max(axis=1).astype(np.float64)
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    answers = pd.DataFrame(
        {
            "bin": pd.cut(confidence, edges, labels=False),
            "confidence": confidence,
            "accuracy": (predictions["label"] == predictions["predicted"]).astype(float),
        }
    )
    bins = answers.groupby("bin").agg(
        samples=("confidence", "size"), confidence=("confidence", "mean"), accuracy=("accuracy", "mean")
    )
    bins = bins.reindex(range(CALIBRATION_BINS))
    bins["samples"] = bins["samples"].fillna(0).astype(int)
    bins.insert(0, "low", edges[:-1])
    bins.insert(1, "high", edges[1:])
    return bins.reset_index(drop=True)


def expected_calibration_error(calibration: pd.DataFrame) -> float:
    """The mean distance between confidence and accuracy, weighted by the samples of each bin.

    Source: C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        calibration: As `calibrate` returns it.

    Returns:
        From 0, as sure as right, to 1.
    """
    gap = (calibration["confidence"] - calibration["accuracy"]).abs()
    return float((gap * calibration["samples"]).sum() / calibration["samples"].sum())


def tabulate_first_prediction(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """The probability of each class for the first test image, which is a 7 in the lecture.

    Args:
        predictions: As `predict` returns them.
        dataset: Its `class_names` are used.

    Returns:
        A row for each class: `class`, `probability`, and whether it `is_label`.
    """
    return pd.DataFrame(
        {
            "class": dataset.class_names,
            "probability": probabilities_of(predictions)[0],
            "is_label": np.arange(len(dataset.class_names)) == predictions["label"].iloc[0],
        }
    )
