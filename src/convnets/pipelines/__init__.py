"""A folder for each step of the experiment: its nodes, its figures, and the pipeline that wires them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def across_namespaces() -> Iterator[None]:
    """Let a pipeline read from another namespace without Kedro's warning about dots in names as `cnn.metrics`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "One or more dataset names contain '.' characters", UserWarning)
        yield
