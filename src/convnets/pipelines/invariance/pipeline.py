"""What a training of a study measures beside its test accuracy, and what is made of it."""

from collections.abc import Sequence

from kedro.pipeline import Node

from convnets.pipelines.invariance import figures, nodes, statistics

RESULTS = ("shifts", "layer_errors")  # of a training


def wire_measures() -> list[Node]:
    """Wire a trained network and the test images to what is measured of it."""
    about = {name: f"params:{name}" for name in ("network", "varied", "seed", "translation")}
    return [
        Node(
            nodes.measure_shifts,
            inputs={
                "model": "model",
                "test_images": "test_images",
                "test_labels": "test_labels",
                "training": "params:training",
                "dataset": "params:dataset",
                **about,
            },
            outputs="shifts",
            name="measure_shifts",
        ),
        Node(
            nodes.measure_equivariance,
            inputs={"model": "model", "test_images": "test_images", **about},
            outputs="layer_errors",
            name="measure_equivariance",
        ),
    ]


def wire_analysis(trainings: Sequence[str]) -> list[Node]:
    """Wire what trainings have measured to tables and figures of their study.

    Args:
        trainings: Their names.
    """
    shifts, layer_errors = ([f"{name}.{result}" for name in trainings] for result in RESULTS)
    return [
        Node(statistics.gather, inputs=shifts, outputs="shifts_table", name="gather_shifts"),
        Node(statistics.gather, inputs=layer_errors, outputs="all_layer_errors_table", name="gather_layer_errors"),
        Node(
            statistics.summarize_shifts,
            inputs=["shifts_table", "params:study"],
            outputs="mean_shifts_table",
            name="summarize_shifts",
        ),
        Node(
            statistics.summarize_errors,
            inputs=["all_layer_errors_table", "params:study"],
            outputs="layer_errors_table",
            name="summarize_errors",
        ),
        Node(
            statistics.measure_interaction,
            inputs=["shifts_table", "params:study"],
            outputs="interactions_table",
            name="measure_interaction",
        ),
        Node(
            figures.plot_head_and_border,
            inputs=["mean_shifts_table", "layer_errors_table", "params:dataset"],
            outputs="head_and_border_figure",
            name="plot_head_and_border",
        ),
        Node(
            figures.plot_settings,
            inputs=["mean_shifts_table", "params:study", "params:dataset"],
            outputs="settings_figure",
            name="plot_settings",
        ),
    ]
