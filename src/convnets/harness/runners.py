"""The order in which a run executes its nodes."""

from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner

from convnets.harness.catalog import RunRequest
from convnets.harness.namespaces import namespace_by_namespace
from convnets.harness.processes.side_by_side import run_side_by_side

# What hooks are told. Kedro-Viz shows the last run of what counts as sequential by this name.
SEQUENTIAL = "kedro.runner.sequential_runner.SequentialRunner object"


class NamespaceByNamespaceRunner(SequentialRunner):
    """Runs one node after the other, and finishes a namespace before it begins the next.

    Kedro's own order goes layer by layer: it would train all networks before it saves the first of them. Where the
    request says so, namespaces are run in processes of their own, several at a time.
    """

    __name__ = SEQUENTIAL

    def _run(self, pipeline: Pipeline, catalog: Any, *args: Any, **kwargs: Any) -> None:
        request: RunRequest | None = getattr(catalog, "request", None)
        if request and request.processes > 1 and pipeline.nodes:
            run_side_by_side(pipeline, catalog, request)
            return
        order = request.namespaces if request else ()
        super()._run(_InOrder(namespace_by_namespace(pipeline, order)), catalog, *args, **kwargs)


class _InOrder(Pipeline):
    """A pipeline whose nodes are executed in the given order."""

    def __init__(self, nodes: list[Node]) -> None:
        self._in_order = nodes
        super().__init__(nodes)

    @property
    def nodes(self) -> list[Node]:
        return self._in_order
