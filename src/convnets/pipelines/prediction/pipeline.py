"""The prediction pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.prediction import figures, nodes


@in_namespace("prediction")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire a user's own images and the trained networks to what these say.

    Args:
        networks: Their names, in the order of tables and figures.

    Returns:
        The pipeline.
    """
    return Pipeline(
        [
            Node(
                nodes.read_digits,
                inputs={"own_images": "own_images", **{network: f"{network}.model" for network in networks}},
                outputs=["digits", "refused_images_table"],
                name="read_digits",
            ),
            Node(
                nodes.classify,
                inputs={
                    "digits": "digits",
                    "dataset": "params:dataset",
                    **{network: f"{network}.model" for network in networks},
                },
                outputs="predictions_on_images",
                name="classify",
            ),
            Node(
                figures.plot_predictions,
                inputs=["own_images", "digits", "predictions_on_images"],
                outputs="predictions_on_images_figure",
                name="plot_predictions",
            ),
        ],
    )
