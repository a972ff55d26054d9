"""What TensorFlow and Keras keep against our will, and what is done about it. Each part gives its reason."""

import gc
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, WeakValueDictionary

import numpy as np

if TYPE_CHECKING:
    from keras import Model
else:
    Model = Any

Batch = Callable[[int], tuple[np.ndarray, ...]]

_trained: WeakSet[Model] = WeakSet()
_feeds: WeakValueDictionary[int, Batch] = WeakValueDictionary()
_numbers = count()


def make_room_for(model: Model) -> None:
    """Let go of what earlier training runs in this process have left, and keep this one from leaving more.

    Keras sums gradients over replicas, also over a single one, by an operation whose graph TensorFlow never lets go:
    over one it is left out, by a method that Keras keeps private. Earlier networks may still be in memory as cycles,
    whose weights and graphs Python's collector does not see.

    Args:
        model: Compiled; it will be trained.
    """
    if model.distribute_strategy.num_replicas_in_sync == 1:
        model.optimizer._all_reduce_sum_gradients = list
    if _trained:
        gc.collect()
    _trained.add(model)


def register_feed(batch: Batch) -> int:
    """Give a function that yields batches a number, under which `batch_of_feed` finds it for as long as it lives."""
    feed = next(_numbers)
    _feeds[feed] = batch
    return feed


def batch_of_feed(feed: int, index: int) -> tuple[np.ndarray, ...]:
    """The one function that TensorFlow calls: it never lets go of one, nor of the arrays that one holds."""
    return _feeds[feed](index)
