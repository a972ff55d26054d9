"""A folder for each step of the experiment: its nodes, its figures, and the pipeline that wires them."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps

from kedro.pipeline import Pipeline

Create = Callable[[Sequence[str]], Pipeline]
"""From the names of networks to a pipeline."""


@contextmanager
def across_namespaces() -> Iterator[None]:
    """Let a pipeline read from another namespace without Kedro's warning about dots in names as `cnn.metrics`."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "One or more dataset names contain '.' characters", UserWarning)
        yield


def in_namespace(namespace: str) -> Callable[[Create], Create]:
    """Put what a function wires into a namespace: all but its inputs and its parameters."""

    def decorate(create: Create) -> Create:
        @wraps(create)
        def create_in_namespace(networks: Sequence[str]) -> Pipeline:
            with across_namespaces():
                pipeline = create(networks)
                parameters = {name for name in pipeline.inputs() if name.startswith("params:")}
                return Pipeline(
                    pipeline,
                    inputs=set(pipeline.inputs()) - parameters,
                    parameters=parameters,
                    namespace=namespace,
                )

        return create_in_namespace

    return decorate
