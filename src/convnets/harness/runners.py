"""The order in which a run executes its nodes."""

from graphlib import TopologicalSorter
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import SequentialRunner

from convnets.parameters import NETWORKS


class NetworkByNetworkRunner(SequentialRunner):
    """Runs one node after the other, and finishes a namespace before it begins the next.

    Kedro's own order goes layer by layer: it would train all networks before it saves the first of them.
    """

    def _run(self, pipeline: Pipeline, *args: Any, **kwargs: Any) -> None:
        super()._run(_InOrder(namespace_by_namespace(pipeline)), *args, **kwargs)


def namespace_by_namespace(pipeline: Pipeline) -> list[Node]:
    """The nodes in an order in which each comes after those that it needs, and namespaces do not interleave.

    Where there is a choice, networks come in the order of the lecture.
    """
    groups = {group.name: group for group in pipeline.group_nodes_by("namespace")}
    nodes = {node.name: node for node in pipeline.nodes}
    lecture = sorted(groups, key=lambda name: NETWORKS.index(name) if name in NETWORKS else -1)
    order = TopologicalSorter({name: groups[name].dependencies for name in lecture}).static_order()
    return [nodes[name] for group in order for name in groups[group].nodes]


class _InOrder(Pipeline):
    """A pipeline whose nodes are executed in the given order."""

    def __init__(self, nodes: list[Node]) -> None:
        self._in_order = nodes
        super().__init__(nodes)

    @property
    def nodes(self) -> list[Node]:
        return self._in_order
