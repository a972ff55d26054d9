"""Reshape, build, compile and train: how each network comes to be."""

import time
from collections.abc import Iterator, Sized
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.datasets.checkpoint import Checkpoint
from convnets.harness.progress import progress_bar
from convnets.image_shapes import with_channels
from convnets.layer_seeds import seed_epoch
from convnets.memory import make_room_for
from convnets.network_parameters import FullyConnected, Network
from convnets.parameters import Dataset
from convnets.pipelines.classifier.augmentation import augment
from convnets.pipelines.classifier.feed import PREDICTION_BATCH, Change, batches, shuffled_order
from convnets.pipelines.classifier.optimization import count_learned, encode_labels, make_loss, make_optimizer
from convnets.pipelines.classifier.stopping import best_epoch, is_finished
from convnets.precision import choose_policy
from convnets.training_parameters import Augmentation, Training

if TYPE_CHECKING:
    from keras import Model
    from tensorflow.data import Dataset as Feed
else:  # Kedro reads the annotations before TensorFlow is wanted
    Feed = Model = Any


def reshape_images(
    train_images: np.ndarray, test_images: np.ndarray, network: Network
) -> tuple[np.ndarray, np.ndarray]:
    """Give images the shape that the network takes.

    Args:
        train_images: (n, height, width) or (n, height, width, channels), float32.
        test_images: (m, ...), likewise.
        network: A fully connected one takes (n, numbers), a convnet (n, height, width, channels).

    Returns:
        Training and test images; views, not copies.
    """
    if isinstance(network.root, FullyConnected):
        return train_images.reshape(len(train_images), -1), test_images.reshape(len(test_images), -1)
    return with_channels(train_images), with_channels(test_images)


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


def compile_model(  # noqa: PLR0913 - one argument for each parameter, and two for what they are used with
    untrained_model: Model,
    training: Training,
    precision: str,
    steps_per_execution: int,
    strategy: str = "default",
    *,
    train_images: Sized = (),
) -> Model:
    """The lecture's compilation step, and what only changes how fast a network learns.

    Args:
        untrained_model: Not changed.
        training: Its optimizer, schedule and loss are used.
        precision: `auto`, `float32` or `mixed_bfloat16`: weights stay in float32, all layers but the last compute in
            bfloat16.
        steps_per_execution: How many gradient steps TensorFlow takes at a time; on several devices it is one.
        strategy: `default`: on one device; `mirrored`: on all GPUs of the machine, each with its share of every batch
            and a copy of the weights (where there is no GPU: on all of TensorFlow's CPU devices).
        train_images: They are counted, for a schedule's number of steps; where the learning rate is constant they are
            not needed.

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
        model = keras.models.clone_model(untrained_model, clone_function=with_policy, recursive=True)
        model.set_weights(untrained_model.get_weights())
        model.compile(
            optimizer=make_optimizer(training, len(train_images)),
            loss=make_loss(training),
            metrics=["accuracy"],
            # Keras 3.15 fails where it takes several steps at a time on several devices.
            steps_per_execution=steps_per_execution if distribution.num_replicas_in_sync == 1 else 1,
            jit_compile=False,  # XLA's convolutions are slower on a processor
        )
        # Where TensorFlow finds them missing at the first step, it traces that twice.
        model.optimizer.build(model.trainable_variables)
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
    interrupted, log, _, best = last_checkpoint
    with compiled_model.distribute_strategy.scope():
        compiled_model.set_weights(interrupted.get_weights())
        optimizer = compiled_model.optimizer
        optimizer.build(compiled_model.trainable_variables)
        for variable, value in zip(optimizer.variables, interrupted.optimizer.variables, strict=True):
            variable.assign(value)
    return Checkpoint(compiled_model, log, training.epochs, best)


def train(
    starting_point: Checkpoint, train_images: np.ndarray, train_labels: np.ndarray, training: Training, seed: int
) -> Iterator[tuple[pd.DataFrame, Checkpoint]]:
    """Train the network, and hand over what there is after each epoch.

    Args:
        starting_point: It is its model that learns.
        train_images: (n, height, width, ...), float32; what the model takes is of the same order.
        train_labels: (n,), uint8.
        training: What is not in the model already.
        seed: Of the order of the images and of dropout, which are functions of `seed` and the epoch alone, and of
            augmentation, which is one of both and the batch.

    Yields:
        After each epoch a table with a row for each epoch so far: `epoch` (from 1), `loss`, `accuracy`, with a
        validation split `val_loss` and `val_accuracy`, `epoch_seconds`, with a schedule `learning_rate` (of the next
        step), and `images_per_second` learned from; and the checkpoint. A starting point that has come to its end is
        handed over as it is.
    """
    model, log, _, best = starting_point
    samples = count_learned(len(train_images), training)
    images = train_images.reshape(len(train_images), *model.input_shape[1:])
    labels = encode_labels(train_labels, model.output_shape[-1], training)
    held_back = (images[samples:], labels[samples:])
    validation = batches(held_back, PREDICTION_BATCH) if len(held_back[0]) else None

    make_room_for(model)
    if is_finished(log, training):
        yield log, starting_point
    while not is_finished(log, training):
        epoch = len(log) + 1
        shuffled = batches(
            (images[:samples], labels[:samples]),
            training.batch_size,
            order=shuffled_order(samples, seed, epoch),
            change=_augmentation(training, train_images.shape[1:], seed, epoch),
        )
        seed_epoch(model, seed, epoch)
        row = {"epoch": epoch, **_learn(model, shuffled, validation, f"epoch {epoch}/{training.epochs}")}
        if training.schedule != "constant":
            row["learning_rate"] = float(model.optimizer.learning_rate)
        row["images_per_second"] = samples / row["epoch_seconds"]
        log = pd.concat([log, pd.DataFrame([row])], ignore_index=True)
        if training.keep == "best" and best_epoch(log) == epoch:
            best = model.get_weights()
        yield log, Checkpoint(model, log, epoch if is_finished(log, training) else training.epochs, best)


def _learn(model: Model, shuffled: Feed, validation: Feed | None, title: str) -> dict[str, float]:
    """Show the images of an epoch to the model, and return its loss, its metrics, and `epoch_seconds`."""
    import keras

    with progress_bar(len(shuffled), "batches", f"{model.name} {title}") as bar:
        progress = keras.callbacks.LambdaCallback(  # Keras counts the last steps taken at a time in full
            on_train_batch_end=lambda batch, **_: bar.advance(min(batch + 1, bar.total) - bar.done)
        )
        started = time.perf_counter()
        fit = model.fit(shuffled, shuffle=False, validation_data=validation, callbacks=[progress], verbose=0)
        seconds = time.perf_counter() - started
        results = {name: values[0] for name, values in fit.history.items()}
        bar.result = _said_of(results)
    return {**results, "epoch_seconds": seconds}


def _said_of(results: dict[str, float]) -> str:
    """As `loss 0.0381 (val 0.0412), accuracy 0.9889 (val 0.9870)`."""
    said = []
    for name, value in results.items():
        if not name.startswith("val_"):
            held_back = f" (val {results[f'val_{name}']:.4f})" if f"val_{name}" in results else ""
            said.append(f"{name} {value:.4f}{held_back}")
    return ", ".join(said)


def _augmentation(training: Training, shape: tuple[int, ...], seed: int, epoch: int) -> Change | None:
    """What is done to the batches of an epoch, whose images have this shape; nothing if none is asked for."""
    if training.augmentation == Augmentation():
        return None

    def change(inputs: np.ndarray, index: int) -> np.ndarray:
        # NumPy takes no notice of zeros at the end of a key.
        images = augment(inputs.reshape(-1, *shape), training.augmentation, (seed, epoch, index + 1))
        return images.reshape(inputs.shape)

    return change


def finish_training(
    checkpoint: Checkpoint, training_log: pd.DataFrame, untrained_model: Model
) -> tuple[Model, pd.DataFrame]:
    """Make what was learned the network's model: a training that was cut off never takes its place.

    Args:
        checkpoint: After the last epoch.
        training_log: A row for each epoch.
        untrained_model: Not changed.

    Returns:
        The network in float32, whatever it was trained in, with the weights of the last epoch, or, where they were
        kept, of the best; and the training log, which then has a column `kept`: whether it is that epoch.
    """
    import keras

    model = keras.models.clone_model(untrained_model)
    if checkpoint.best is None:
        model.set_weights(checkpoint.model.get_weights())
        return model, training_log
    model.set_weights(checkpoint.best)
    return model, training_log.assign(kept=training_log["epoch"] == best_epoch(training_log))
