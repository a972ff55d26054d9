"""The comparison pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import across_namespaces
from convnets.pipelines.comparison import figures, nodes


def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire the results of all networks to the tables and figures that compare them.

    Args:
        networks: Their names, in the order of tables and figures.

    Returns:
        The pipeline.
    """
    with across_namespaces():
        pipeline = _wire(networks)
        return Pipeline(
            pipeline,
            inputs={name for name in pipeline.inputs() if not name.startswith("params:")},
            outputs=pipeline.all_outputs(),
            parameters={"params:dataset"},
            namespace="comparison",
        )


def _wire(networks: Sequence[str]) -> Pipeline:

    def of_each(name: str) -> dict[str, str]:
        return {network: f"{network}.{name}" for network in networks}

    return Pipeline(
        [
            Node(nodes.compare, inputs=of_each("metrics"), outputs="comparison_table", name="compare"),
            Node(nodes.compare_pairs, inputs=of_each("predictions"), outputs="mcnemar_tests", name="compare_pairs"),
            Node(
                nodes.compare_classes, inputs=of_each("per_class"), outputs="class_accuracies", name="compare_classes"
            ),
            Node(
                nodes.find_disagreements,
                inputs={"dataset": "params:dataset", **of_each("predictions")},
                outputs="disagreements",
                name="find_disagreements",
            ),
            Node(
                nodes.find_confident_mistakes,
                inputs={"dataset": "params:dataset", **of_each("predictions")},
                outputs="confident_mistakes",
                name="find_confident_mistakes",
            ),
            Node(
                figures.plot_learning_curves,
                inputs={"dataset": "params:dataset", **of_each("history")},
                outputs="learning_curves",
                name="plot_learning_curves",
            ),
            Node(
                figures.plot_test_accuracies,
                inputs=["comparison_table", "params:dataset"],
                outputs="test_accuracies",
                name="plot_test_accuracies",
            ),
            Node(
                figures.plot_class_accuracies,
                inputs=["class_accuracies", "params:dataset"],
                outputs="class_accuracies_figure",
                name="plot_class_accuracies",
            ),
            Node(
                figures.plot_disagreements,
                inputs=["raw_test_images", "disagreements", "params:dataset"],
                outputs="disagreements_figure",
                name="plot_disagreements",
            ),
            Node(
                figures.plot_confident_mistakes,
                inputs=["raw_test_images", "confident_mistakes", "params:dataset"],
                outputs="confident_mistakes_figure",
                name="plot_confident_mistakes",
            ),
        ]
    )
