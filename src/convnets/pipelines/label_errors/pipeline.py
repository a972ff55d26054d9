"""The label errors pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.label_errors import figures, nodes


@in_namespace("label_errors")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire the predictions of all networks to what they answer where the label is in doubt.

    Args:
        networks: Their names, in the order of tables and figures.

    Returns:
        The pipeline.
    """
    predictions = {network: f"{network}.predictions" for network in networks}
    return Pipeline(
        [
            Node(
                nodes.list_answers,
                inputs={"label_errors": "params:label_errors", "dataset": "params:dataset", **predictions},
                outputs="table",
                name="list_answers",
            ),
            Node(
                nodes.measure_ceiling,
                inputs={"label_errors": "params:label_errors", **predictions},
                outputs="ceiling_table",
                name="measure_ceiling",
            ),
            Node(
                figures.plot_doubtful,
                inputs=["raw_test_images", "table", "ceiling_table", "params:dataset"],
                outputs="figure",
                name="plot_doubtful",
            ),
        ]
    )
