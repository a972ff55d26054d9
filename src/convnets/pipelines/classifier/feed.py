"""How samples reach a network: they stay where they are, and only their indices are shuffled."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.memory import Batch, batch_of_feed, register_feed

if TYPE_CHECKING:
    from tensorflow.data import Dataset
else:
    Dataset = Any


PREDICTION_BATCH = 250  # images

Change = Callable[[np.ndarray, int], np.ndarray]
"""From the inputs of a batch and its index to other inputs of the same shape and dtype."""


def shuffled_order(samples: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch shows the samples: a function of seed and epoch alone.

    Args:
        samples: How many there are.
        seed: Of the experiment.
        epoch: From 1.

    Returns:
        (samples,), int64: each index once.
    """
    order: np.ndarray = np.random.default_rng([seed, epoch]).permutation(samples)
    return order


def batches(
    arrays: tuple[np.ndarray, ...], batch_size: int, order: np.ndarray | None = None, change: Change | None = None
) -> Dataset:
    """Batches of arrays that belong together; no array is copied as a whole.

    Args:
        arrays: Each (n, ...): inputs, or inputs and labels.
        batch_size: Samples in a batch; the last one may be smaller.
        order: (n,): the indices in the order in which they are wanted; `None`: as they are.
        change: What is done to the first array's part of each batch; `None`: nothing.

    Returns:
        A TensorFlow data set of tuples of arrays.
    """
    import tensorflow as tf

    def batch(index: Any) -> tuple[np.ndarray, ...]:
        window = slice(index * batch_size, (index + 1) * batch_size)
        inputs, *others = (array[window if order is None else order[window]] for array in arrays)
        return (change(inputs, int(index)) if change else inputs, *others)

    feed = register_feed(batch)

    def tensors(index: Any, _batch: Batch = batch) -> tuple[Any, ...]:  # which lives as long as the data set
        taken = tf.numpy_function(batch_of_feed, [feed, index], [array.dtype for array in arrays], stateful=False)
        return tuple(tf.ensure_shape(part, (None, *array.shape[1:])) for part, array in zip(taken, arrays, strict=True))

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread wakes at ever longer intervals, and each epoch's end waits for it
    steps = -(-len(arrays[0]) // batch_size)
    return tf.data.Dataset.range(steps).map(tensors).prefetch(1).with_options(options)
