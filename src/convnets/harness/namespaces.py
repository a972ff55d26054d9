"""Namespaces: what is run, locked, recorded and resumed as one."""

from collections.abc import Sequence
from graphlib import TopologicalSorter

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node


def outermost_namespace(node: Node) -> str | None:
    """What a node is locked and recorded with: its outermost namespace.

    `None` if it has none, or if what it makes belongs to all: the outputs of the preparation are in no namespace.
    """
    if not node.namespace:
        return None
    outermost = node.namespace.split(".")[0]
    belongs_to_all = node.outputs and not any(name.startswith(f"{outermost}.") for name in node.outputs)
    return None if belongs_to_all else outermost


def namespace_by_namespace(pipeline: Pipeline, order: Sequence[str] = ()) -> list[Node]:
    """The nodes in an order in which each comes after those that it needs, and namespaces do not interleave.

    Args:
        pipeline: Whose nodes.
        order: Of namespaces, where there is a choice; those that it does not name come first.
    """
    groups = {group.name: group for group in pipeline.group_nodes_by("namespace")}
    nodes = {node.name: node for node in pipeline.nodes}
    wanted = sorted(groups, key=lambda name: order.index(name) if name in order else -1)
    sorter = TopologicalSorter({name: groups[name].dependencies for name in wanted})
    return [nodes[name] for group in sorter.static_order() for name in groups[group].nodes]
