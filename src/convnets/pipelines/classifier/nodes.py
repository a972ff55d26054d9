"""Reshape, build, compile and train: how each network comes to be."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from convnets.datasets.checkpoint import Checkpoint
from convnets.harness.progress import progress_bar
from convnets.memory import make_room_for
from convnets.parameters import Dataset, FullyConnected, Network, Training
from convnets.pipelines.classifier.feed import PREDICTION_BATCH, batches, shuffled_order
from convnets.precision import choose_policy

if TYPE_CHECKING:
    from keras import Model
else:  # Kedro reads the annotations before TensorFlow is wanted
    Model = Any


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
