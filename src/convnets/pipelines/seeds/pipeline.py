"""The pipeline of the study of seeds."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import training
from convnets.pipelines.seeds import figures, nodes


def create_pipeline(trainings: Sequence[str]) -> Pipeline:
    """Wire the training runs of the study to its tables and its figure.

    Args:
        trainings: Their names, as `plan_trainings` gives them.

    Returns:
        The pipeline.
    """
    test = Node(nodes.compare_over_seeds, inputs="table", outputs="paired_tests_table", name="compare_over_seeds")
    draw = Node(
        figures.plot_seeds,
        inputs=["table", "mean_accuracies_table", "params:dataset"],
        outputs="figure",
        name="plot_seeds",
    )
    return training.create_study("seeds", trainings, Pipeline([test, draw]))
