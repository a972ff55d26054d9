"""The pipeline of the study of sample sizes."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import training
from convnets.pipelines.sample_size import figures


def create_pipeline(trainings: Sequence[str]) -> Pipeline:
    """Wire the training runs of the study to its tables and its figure.

    Args:
        trainings: Their names, as `plan_trainings` gives them.

    Returns:
        The pipeline.
    """
    draw = Node(
        figures.plot_sample_sizes,
        inputs=["table", "mean_accuracies_table", "params:dataset"],
        outputs="figure",
        name="plot_sample_sizes",
    )
    return training.create_study("sample_size", trainings, Pipeline([draw]))
