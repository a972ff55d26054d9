"""The export pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.export import nodes


@in_namespace("export")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire each trained network to its files in other formats, and to a table of how these agree with Keras.

    Args:
        networks: Their names, in the order of the table.

    Returns:
        The pipeline.
    """
    rows = {network: f"{network}.agreement" for network in networks}
    return Pipeline(
        [
            *(
                Node(
                    nodes.export_network,
                    inputs={"test_images": "test_images", network: f"{network}.model"},
                    outputs=[f"{network}.onnx", f"{network}.litert", row],
                    name=f"export_{network}",
                )
                for network, row in rows.items()
            ),
            Node(nodes.list_exports, inputs=list(rows.values()), outputs="table", name="list_exports"),
        ]
    )
