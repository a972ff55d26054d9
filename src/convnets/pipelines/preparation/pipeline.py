"""The preparation pipeline."""

from kedro.pipeline import Node, Pipeline

from convnets.pipelines.preparation.figures import plot_sample_images
from convnets.pipelines.preparation.nodes import count_classes, load_test_set, load_training_set, normalize_images
from convnets.pipelines.report.nodes import make_data_report


def create_pipeline() -> Pipeline:
    """Wire raw files to `train_images`, `train_labels`, `test_images` and `test_labels`, and to a report on them.

    Its nodes have a namespace, so that Kedro-Viz draws one box; what they make belongs to all and has none.
    """
    pipeline = wire()
    return Pipeline(
        pipeline,
        inputs=pipeline.inputs() - {"params:dataset"},
        outputs=pipeline.all_outputs(),
        parameters={"params:dataset"},
        namespace="preparation",
    )


def wire() -> Pipeline:
    """Wire the same without a namespace: a study's trainings take parts of it into theirs."""
    return Pipeline(
        [
            Node(
                load_training_set,
                inputs=["raw_train_images", "raw_train_labels", "params:dataset"],
                outputs=["train_pixels", "train_labels"],
                name="load_training_set",
            ),
            Node(
                load_test_set,
                inputs=["raw_test_images", "raw_test_labels", "params:dataset"],
                outputs=["test_pixels", "test_labels"],
                name="load_test_set",
            ),
            Node(normalize_images, inputs="train_pixels", outputs="train_images", name="normalize_train_images"),
            Node(normalize_images, inputs="test_pixels", outputs="test_images", name="normalize_test_images"),
            Node(
                count_classes,
                inputs=["train_labels", "test_labels", "params:dataset"],
                outputs="class_counts",
                name="count_classes",
            ),
            Node(
                plot_sample_images,
                inputs=["train_pixels", "train_labels", "params:dataset"],
                outputs="sample_images",
                name="plot_sample_images",
            ),
            Node(
                make_data_report,
                inputs=["class_counts", "sample_images", "params:dataset"],
                outputs="data_report",
                name="make_data_report",
            ),
        ]
    )
