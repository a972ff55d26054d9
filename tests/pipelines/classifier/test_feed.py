"""The feed: every sample once an epoch, in an order of its own, with its label."""

import gc
import weakref

import numpy as np
import pytest

from convnets.pipelines.classifier.feed import batches, shuffled_order


def test_every_image_comes_once_an_epoch_in_an_order_of_its_own() -> None:
    images, labels = np.arange(10, dtype=np.float32)[:, np.newaxis], np.arange(10, dtype=np.uint8)

    def order(seed: int, epoch: int) -> list[int]:
        fed = list(batches((images, labels), 4, shuffled_order(10, seed, epoch)))
        assert [len(batch) for batch, _ in fed] == [4, 4, 2]
        for batch, classes in fed:
            np.testing.assert_array_equal(batch.numpy()[:, 0], classes.numpy())
        return [int(label) for _, classes in fed for label in classes]

    assert sorted(order(1, 1)) == list(range(10))
    assert order(1, 1) == order(1, 1)
    assert order(1, 1) != order(1, 2)
    assert order(1, 1) != order(2, 1)


@pytest.mark.parametrize("batch_size", [1, 4, 10, 11])
def test_batches_know_their_number_and_shape_beforehand(batch_size: int) -> None:
    images = np.random.default_rng(1).random((10, 3, 2), np.float32)
    fed = batches((images,), batch_size)
    assert len(fed) == -(-10 // batch_size)
    assert fed.element_spec[0].shape.as_list() == [None, 3, 2]
    np.testing.assert_array_equal(np.concatenate([batch for (batch,) in fed]), images)


def test_a_feed_holds_its_arrays_for_as_long_as_it_is_read_and_no_longer() -> None:
    images = np.arange(10)
    held = weakref.ref(images)
    fed = iter(batches((images,), 4))
    del images
    gc.collect()
    assert [batch.numpy().tolist() for (batch,) in fed] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    del fed
    gc.collect()
    assert held() is None
