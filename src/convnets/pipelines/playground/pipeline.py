"""The playground pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.playground import nodes


@in_namespace("playground")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire the trained networks and the test images to the page.

    Args:
        networks: Their names, in the order of the page.

    Returns:
        The pipeline.
    """
    return Pipeline(
        [
            Node(
                nodes.make_page,
                inputs={
                    "test_images": "test_images",
                    "test_labels": "test_labels",
                    "dataset": "params:dataset",
                    "convolution": "params:convolution",
                    **{network: f"{network}.model" for network in networks},
                    **{f"{network}_metrics": f"{network}.metrics" for network in networks},
                },
                outputs="page",
                name="make_page",
            )
        ]
    )
