"""The pipeline of one training run of a study, and of a whole study."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import across_namespaces, classifier, preparation
from convnets.pipelines.preparation.nodes import load_training_set
from convnets.pipelines.training import nodes

RAW_DATA = {"raw_train_images", "raw_train_labels", "raw_test_images", "raw_test_labels"}


def create_pipeline(training: str) -> Pipeline:
    """Wire the raw files to the report of a training run, which shares no data in memory with others.

    Args:
        training: Its name, which is the namespace of its nodes, data sets and parameters.

    Returns:
        The pipeline.
    """
    choose = Pipeline(
        [
            Node(
                load_training_set,
                inputs=["raw_train_images", "raw_train_labels", "params:dataset"],
                outputs=["all_pixels", "all_labels"],
                name="load_training_set",
            ),
            Node(
                nodes.choose_samples,
                inputs=["all_pixels", "all_labels", "params:samples", "params:seed", "params:images_per_epoch"],
                outputs=["train_pixels", "train_labels"],
                name="choose_samples",
            ),
        ]
    )
    prepare = preparation.create_pipeline().only_nodes(
        "load_test_set", "normalize_train_images", "normalize_test_images"
    )
    report = Pipeline(
        [
            Node(
                nodes.report_training,
                inputs=["metrics", "params:network", "params:samples", "params:seed"],
                outputs="report",
                name="report_training",
            )
        ]
    )
    return Pipeline(
        choose + prepare + classifier.wire().to_outputs("metrics") + report,
        inputs=RAW_DATA,
        parameters=classifier.SHARED_PARAMETERS - {"params:seed"},
        namespace=training,
    )


def create_study(study: str, trainings: Sequence[str], analysis: Pipeline) -> Pipeline:
    """Wire the training runs of a study to the table of all runs, the table of means, and the analysis.

    Args:
        study: Its name, which is the namespace of its summary.
        trainings: Their names, as `plan_trainings` gives them.
        analysis: From `table` and `mean_accuracies_table` to further tables and figures.

    Returns:
        The pipeline.
    """
    reports = [f"{name}.report" for name in trainings]
    with across_namespaces():
        gather = Node(nodes.gather_reports, inputs=reports, outputs="table", name="gather_reports")
        summarize = Node(
            nodes.summarize_trainings, inputs="table", outputs="mean_accuracies_table", name="summarize_trainings"
        )
        summary = Pipeline(
            Pipeline([gather, summarize]) + analysis,
            inputs=set(reports),
            parameters={"params:dataset"},
            namespace=study,
        )
        return Pipeline([*(create_pipeline(name) for name in trainings), summary])
