"""The translation pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.translation import figures, nodes


@in_namespace("translation")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire trained networks and the test images to accuracies under shifts.

    Args:
        networks: Their names, in the order of tables and figures.

    Returns:
        The pipeline.
    """
    return Pipeline([*(_ask(network) for network in networks), _sum_up(networks)])


def _ask(network: str) -> Pipeline:
    pipeline = Pipeline(
        [
            Node(
                nodes.measure_translation,
                inputs=["model", "test_images", "test_labels", "params:network", "params:translation"],
                outputs="accuracies",
                name="measure_translation",
            ),
            Node(
                nodes.follow_digit,
                inputs=["model", "test_images", "params:network", "params:dataset", "params:translation"],
                outputs="digit_answers",
                name="follow_digit",
            ),
        ]
    )
    return Pipeline(
        pipeline,
        inputs={"model": f"{network}.model", "test_images": "test_images", "test_labels": "test_labels"},
        parameters={
            "params:network": f"params:{network}.network",
            **{name: name for name in ("params:dataset", "params:translation")},
        },
        namespace=network,
    )


def _sum_up(networks: Sequence[str]) -> Pipeline:
    return Pipeline(
        [
            Node(
                nodes.gather_accuracies,
                inputs=[f"{network}.accuracies" for network in networks],
                outputs="table",
                name="gather_accuracies",
            ),
            Node(nodes.measure_ink, inputs=["test_images", "params:translation"], outputs="ink", name="measure_ink"),
            Node(
                figures.plot_accuracies,
                inputs=["table", "ink", "params:dataset"],
                outputs="figure",
                name="plot_accuracies",
            ),
            Node(
                figures.plot_moving_digit,
                inputs={
                    "test_images": "test_images",
                    "test_labels": "test_labels",
                    "dataset": "params:dataset",
                    "translation": "params:translation",
                    **{network: f"{network}.digit_answers" for network in networks},
                },
                outputs="moving_digit_figure",
                name="plot_moving_digit",
            ),
        ]
    )
