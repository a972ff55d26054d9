"""The garbage collector, which a run stops while it imports, works again once nodes run."""

import gc
import weakref

from convnets.harness.hooks import GarbageHooks


class Node:
    """What refers to itself, which only the collector finds."""

    def __init__(self) -> None:
        """Refer to itself."""
        self.itself = self


def test_what_a_node_leaves_is_collected() -> None:
    gc.disable()
    try:
        GarbageHooks().before_node_run()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
        left = weakref.ref(Node())
        gc.collect()
        assert left() is None
    finally:
        gc.enable()
        gc.unfreeze()


def test_a_run_that_others_started_is_left_as_it_is() -> None:
    frozen = gc.get_freeze_count()
    GarbageHooks().before_node_run()
    assert gc.get_freeze_count() == frozen
