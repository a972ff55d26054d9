"""The comparison pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.comparison import figures, nodes


@in_namespace("comparison")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire the results of all networks to the tables and figures that compare them.

    Args:
        networks: Their names, in the order of tables and figures.

    Returns:
        The pipeline.
    """

    def of_each(name: str) -> dict[str, str]:
        return {network: f"{network}.{name}" for network in networks}

    return Pipeline(
        [
            Node(nodes.compare, inputs=of_each("record"), outputs="table", name="compare"),
            Node(
                nodes.compare_pairs, inputs=of_each("predictions"), outputs="mcnemar_tests_table", name="compare_pairs"
            ),
            Node(
                nodes.compare_classes,
                inputs={"dataset": "params:dataset", **of_each("predictions")},
                outputs="class_accuracies_table",
                name="compare_classes",
            ),
            Node(
                nodes.find_disagreements,
                inputs={"dataset": "params:dataset", **of_each("predictions")},
                outputs="disagreements_table",
                name="find_disagreements",
            ),
            Node(
                nodes.find_confident_mistakes,
                inputs={"dataset": "params:dataset", **of_each("predictions")},
                outputs="confident_mistakes_table",
                name="find_confident_mistakes",
            ),
            Node(
                figures.plot_learning_curves,
                inputs={"dataset": "params:dataset", **of_each("record")},
                outputs="learning_curves_figure",
                name="plot_learning_curves",
            ),
            Node(
                figures.plot_test_accuracies,
                inputs=["table", "params:dataset"],
                outputs="test_accuracies_figure",
                name="plot_test_accuracies",
            ),
            Node(
                figures.plot_class_accuracies,
                inputs=["class_accuracies_table", "params:dataset"],
                outputs="class_accuracies_figure",
                name="plot_class_accuracies",
            ),
            Node(
                figures.plot_disagreements,
                inputs=["raw_test_images", "disagreements_table", "params:dataset"],
                outputs="disagreements_figure",
                name="plot_disagreements",
            ),
            Node(
                figures.plot_confident_mistakes,
                inputs=["raw_test_images", "confident_mistakes_table", "params:dataset"],
                outputs="confident_mistakes_figure",
                name="plot_confident_mistakes",
            ),
        ]
    )
