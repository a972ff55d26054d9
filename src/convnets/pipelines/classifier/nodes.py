"""Reshape, build, train, predict and evaluate: what is done with each network."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from statsmodels.stats.proportion import proportion_confint

from convnets.datasets.checkpoint import Checkpoint
from convnets.harness.progress import progress_bar
from convnets.memory import make_room_for
from convnets.parameters import Dataset, FullyConnected, Network, Training
from convnets.pipelines.classifier.feed import batches, shuffled_order
from convnets.precision import choose_policy

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any

PREDICTION_BATCH = 250
CALIBRATION_BINS = 10
SMALLEST_PROBABILITY = 1e-7  # Keras's epsilon: it clips probabilities before it takes their logarithm


def reshape_images(
    train_images: np.ndarray, test_images: np.ndarray, network: Network
) -> tuple[np.ndarray, np.ndarray]:
    """Give images the shape that the network takes.

    Args:
        train_images: (n, height, width), float32.
        test_images: (m, height, width), float32.
        network: A fully connected one takes (n, height * width), a convnet (n, height, width, 1).

    Returns:
        Training and test images; views, not copies.
    """
    if isinstance(network.root, FullyConnected):
        return train_images.reshape(len(train_images), -1), test_images.reshape(len(test_images), -1)
    return train_images[..., np.newaxis], test_images[..., np.newaxis]


def build_model(train_inputs: np.ndarray, network: Network, dataset: Dataset, seed: int) -> Model:
    """Build the network for these images and classes.

    Args:
        train_inputs: (n, ...), float32.
        network: Its architecture.
        dataset: Its `class_names` are counted.
        seed: Of the initial weights.

    Returns:
        A Keras model, not compiled yet.

    Raises:
        ParameterError: A window does not fit into the feature map that it is laid on.
    """
    from convnets.networks import build_network

    return build_network(network, train_inputs.shape[1:], len(dataset.class_names), seed)


def summarize_model(untrained_model: Model) -> tuple[str, pd.DataFrame]:
    """Describe a network layer by layer.

    Args:
        untrained_model: A Keras model.

    Returns:
        The summary that Keras prints, and a table with a row for each layer: `layer`, `type`, `output_shape` (without
        the batch), `parameters`.
    """
    lines: list[str] = []
    untrained_model.summary(print_fn=lines.append, line_length=80)
    # A sequential model does not count its input among its layers.
    first = (
        [] if untrained_model.layers[0].name == "input_1" else [("input_1", "InputLayer", untrained_model.inputs[0], 0)]
    )
    others = [
        (layer.name, type(layer).__name__, layer.output, layer.count_params()) for layer in untrained_model.layers
    ]
    layers = pd.DataFrame(first + others, columns=["layer", "type", "output_shape", "parameters"])
    layers["output_shape"] = [" x ".join(str(size) for size in output.shape[1:]) for output in layers["output_shape"]]
    return "\n".join(lines) + "\n", layers


def compile_model(
    untrained_model: Model, training: Training, precision: str, steps_per_execution: int, strategy: str = "default"
) -> Model:
    """The lecture's compilation step, and what only changes how fast a network learns.

    Args:
        untrained_model: Not changed.
        training: Its optimizer and loss are used.
        precision: `auto`, `float32` or `mixed_bfloat16`: weights stay in float32, all layers but the last compute in
            bfloat16.
        steps_per_execution: How many gradient steps TensorFlow takes at a time; on several devices it is one.
        strategy: `default`: on one device; `mirrored`: on all GPUs of the machine, each with its share of every batch
            and a copy of the weights (where there is no GPU: on all of TensorFlow's CPU devices).

    Returns:
        A copy of the network, ready to be trained.
    """
    import keras

    policy = choose_policy(precision)

    def with_policy(layer: Any) -> Any:
        dtype = "float32" if layer.name == untrained_model.layers[-1].name else policy
        return layer.from_config({**layer.get_config(), "dtype": dtype})

    distribution = _choose_strategy(strategy)
    with distribution.scope():
        model = keras.models.clone_model(untrained_model, clone_function=with_policy)
        model.set_weights(untrained_model.get_weights())
        # TensorFlow remembers each new name of a variable: those of an optimizer without a name bear its number.
        optimizer = keras.optimizers.get({"class_name": training.optimizer, "config": {"name": training.optimizer}})
        model.compile(
            optimizer=optimizer,
            loss=training.loss,
            metrics=["accuracy"],
            # Keras 3.15 fails where it takes several steps at a time on several devices.
            steps_per_execution=steps_per_execution if distribution.num_replicas_in_sync == 1 else 1,
            jit_compile=False,  # XLA's convolutions are slower on a processor
        )
    return model


def _choose_strategy(strategy: str) -> Any:
    import tensorflow as tf

    if strategy == "default":
        return tf.distribute.get_strategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def start_or_resume(compiled_model: Model, training: Training, last_checkpoint: Checkpoint | None) -> Checkpoint:
    """Choose where the training begins.

    Args:
        compiled_model: Untrained; changed, where there is a checkpoint.
        training: Its epochs are used.
        last_checkpoint: Of a training with the same parameters, data and code that was interrupted; `None`: there is
            none, or the training shall start afresh.

    Returns:
        The compiled model, with the weights and the optimizer's state of the last checkpoint, and its log; or
        untrained, with an empty log.
    """
    if last_checkpoint is None:
        return Checkpoint(compiled_model, pd.DataFrame(), training.epochs)
    interrupted, log, _ = last_checkpoint
    with compiled_model.distribute_strategy.scope():
        compiled_model.set_weights(interrupted.get_weights())
        optimizer = compiled_model.optimizer
        optimizer.build(compiled_model.trainable_variables)
        for variable, value in zip(optimizer.variables, interrupted.optimizer.variables, strict=True):
            variable.assign(value)
    return Checkpoint(compiled_model, log, training.epochs)


def train(
    starting_point: Checkpoint, train_inputs: np.ndarray, train_labels: np.ndarray, training: Training, seed: int
) -> Iterator[tuple[pd.DataFrame, Checkpoint]]:
    """Train the network, and hand over what there is after each epoch.

    Args:
        starting_point: It is its model that learns.
        train_inputs: (n, ...), float32.
        train_labels: (n,), uint8.
        training: Epochs and batch size.
        seed: Of the order of the images, which is a function of `seed` and the epoch alone.

    Yields:
        After each epoch a table with a row for each epoch so far: `epoch` (from 1), `loss`, `accuracy`, with a
        validation split `val_loss` and `val_accuracy`, `epoch_seconds`, and `images_per_second` learned from; and the
        checkpoint. A starting point whose epochs are all there is handed over as it is.
    """
    import keras

    samples = len(train_inputs) - int(len(train_inputs) * training.validation_split)
    inputs, labels = train_inputs[:samples], train_labels[:samples]
    held_back = (train_inputs[samples:], train_labels[samples:])
    validation = batches(held_back, PREDICTION_BATCH) if len(held_back[0]) else None

    model, log, _ = starting_point
    make_room_for(model)
    if len(log) == training.epochs:
        yield log, starting_point
    for epoch in range(len(log) + 1, training.epochs + 1):
        shuffled = batches((inputs, labels), training.batch_size, order=shuffled_order(samples, seed, epoch))
        with progress_bar(len(shuffled), "batches", f"{model.name} epoch {epoch}/{training.epochs}") as bar:
            progress = keras.callbacks.LambdaCallback(  # Keras counts the last steps taken at a time in full
                on_train_batch_end=lambda batch, **_: bar.update(min(batch + 1, bar.total) - bar.n)
            )
            started = time.perf_counter()
            fit = model.fit(shuffled, shuffle=False, validation_data=validation, callbacks=[progress], verbose=0)
            seconds = time.perf_counter() - started
            results = {name: values[0] for name, values in fit.history.items()}
            bar.set_postfix({name: f"{value:.4f}" for name, value in results.items()})
        row = {"epoch": epoch, **results, "epoch_seconds": seconds, "images_per_second": samples / seconds}
        log = pd.concat([log, pd.DataFrame([row])], ignore_index=True)
        yield log, Checkpoint(model, log, training.epochs)


def finish_training(checkpoint: Checkpoint, untrained_model: Model) -> tuple[Model, pd.DataFrame]:
    """Make what was learned in the last epoch the network's model: one that was cut off never takes its place.

    Args:
        checkpoint: After the last epoch.
        untrained_model: Not changed.

    Returns:
        The network in float32, whatever it was trained in, with the weights it learned; and the training log.
    """
    import keras

    model = keras.models.clone_model(untrained_model)
    model.set_weights(checkpoint.model.get_weights())
    return model, checkpoint.log


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
        history: A row for each epoch, with `epoch_seconds` and `images_per_second`.
        predictions: As `predict` returns them.
        prediction_speed: As `predict` returns it.
        calibration: As `calibrate` returns it.
        lecture_accuracy: What the lecture reports, if it does.

    Returns:
        `test_loss` (the mean cross-entropy in nats), `test_accuracy` with the bounds of its Wilson 95 % interval
        `test_accuracy_low` and `test_accuracy_high`, `expected_calibration_error`, `fit_seconds`, `parameters`,
        `fit_images_per_second` learned from over all epochs, `predict_images_per_second`, `model_bytes`, the
        size of the model's `.keras` file, and `lecture_accuracy`.
    """
    right = predictions["label"] == predictions["predicted"]
    low, high = proportion_confint(right.sum(), len(right), alpha=0.05, method="wilson")
    probability_of_label = _probabilities(predictions)[np.arange(len(predictions)), predictions["label"]]
    return {
        "parameters": model.count_params(),
        "test_loss": float(-np.log(np.clip(probability_of_label, SMALLEST_PROBABILITY, 1)).mean(dtype=np.float64)),
        "test_accuracy": float(right.mean()),
        "test_accuracy_low": float(low),
        "test_accuracy_high": float(high),
        "expected_calibration_error": expected_calibration_error(calibration),
        "fit_seconds": float(history["epoch_seconds"].sum()),
        "fit_images_per_second": float(np.average(history["images_per_second"], weights=history["epoch_seconds"])),
        **prediction_speed,
        "model_bytes": _keras_file_bytes(model),
        "lecture_accuracy": lecture_accuracy,
    }


def _keras_file_bytes(model: Model) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.stat().st_size


def _probabilities(predictions: pd.DataFrame) -> np.ndarray:
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
    precision, recall, f1, samples = precision_recall_fscore_support(
        predictions["label"], predictions["predicted"], labels=range(len(dataset.class_names)), zero_division=0
    )
    return pd.DataFrame(
        {"class": dataset.class_names, "precision": precision, "recall": recall, "f1": f1, "samples": samples}
    )


def count_confusions(predictions: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Count which class was taken for which.

    Args:
        predictions: As `predict` returns them.
        dataset: Its `class_names` are used.

    Returns:
        A row for each true class, named in the column `label`, and a column for each predicted class.
    """
    names = list(dataset.class_names)
    counts = confusion_matrix(predictions["label"], predictions["predicted"], labels=range(len(names)))
    confusions = pd.DataFrame(counts, columns=names)
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
    confidence = _probabilities(predictions).max(axis=1).astype(np.float64)
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
            "probability": _probabilities(predictions)[0],
            "is_label": np.arange(len(dataset.class_names)) == predictions["label"].iloc[0],
        }
    )
