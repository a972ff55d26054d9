"""The order in which a run executes its nodes."""

from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from convnets.harness.namespaces import namespace_by_namespace
from convnets.harness.runners import NamespaceByNamespaceRunner
from convnets.parameters import NETWORKS
from convnets.pipeline_registry import register_pipelines


def test_a_namespace_is_finished_before_the_next_begins() -> None:
    executed = []

    def step(name: str, given: str, made: str) -> Node:
        def execute(_: int) -> int:
            executed.append(name)
            return 1

        return Node(execute, inputs=given, outputs=made, name=name)

    classify = Pipeline([step("train", "images", "model"), step("evaluate", "model", "metrics")])
    networks = [Pipeline(classify, namespace=name, inputs={"images"}) for name in ("fcn", "cnn", "other")]
    catalog = DataCatalog()
    catalog["raw"] = 1
    NamespaceByNamespaceRunner().run(Pipeline([step("load", "raw", "images")]) + sum(networks, Pipeline([])), catalog)
    assert executed == ["load"] + ["train", "evaluate"] * 3


def test_every_node_of_the_project_is_executed_once_and_after_what_it_needs() -> None:
    pipeline = register_pipelines()["__default__"]
    order = namespace_by_namespace(pipeline, NETWORKS)
    assert sorted(node.name for node in order) == sorted(node.name for node in pipeline.nodes)
    namespaces = list(dict.fromkeys(node.namespace for node in order if node.namespace))
    assert namespaces == ["preparation", *NETWORKS, "comparison"]
    made = set(pipeline.inputs())
    for node in order:
        assert set(node.inputs) <= made
        made |= set(node.outputs)
