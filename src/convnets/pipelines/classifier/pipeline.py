"""The classifier pipeline, instantiated once for each network."""

from kedro.pipeline import Node, Pipeline

from convnets.pipelines.classifier import evaluation, figures, mistakes, nodes
from convnets.pipelines.playground.nodes import make_page_of_network
from convnets.pipelines.report.nodes import make_network_report
from convnets.pipelines.report.texts import NETWORK_FIGURES

SHARED_DATA = {"train_images", "train_labels", "test_images", "test_labels"}
SHARED_PARAMETERS = {
    "params:convolution",
    "params:dataset",
    "params:precision",
    "params:seed",
    "params:steps_per_execution",
    "params:strategy",
}


def create_pipeline(network: str) -> Pipeline:
    """Wire a network from prepared images to its report.

    Args:
        network: Its name, which is the namespace of its nodes, data sets and parameters.

    Returns:
        The pipeline.
    """
    return Pipeline(wire(), inputs=SHARED_DATA, parameters=SHARED_PARAMETERS, namespace=network)


def wire(network: str = "params:network", training: str = "params:training") -> Pipeline:
    """Wire a network of any name: what is shared and what is its own is for a namespace to say.

    Args:
        network: Where its architecture is: a parameter, or a data set.
        training: Where it is how it is trained.
    """
    return Pipeline(
        [
            Node(
                nodes.reshape_images,
                inputs=["train_images", "test_images", network],
                outputs=["train_inputs", "test_inputs"],
                name="reshape_images",
            ),
            Node(
                nodes.build_model,
                inputs=["train_inputs", network, "params:dataset", "params:seed"],
                outputs="untrained_model",
                name="build_model",
            ),
            Node(
                nodes.summarize_model,
                inputs="untrained_model",
                outputs=["summary", "layers_table"],
                name="summarize_model",
            ),
            Node(
                figures.plot_architecture,
                inputs=["layers_table", network],
                outputs="architecture_figure",
                name="plot_architecture",
            ),
            Node(
                nodes.compile_model,
                inputs={
                    "untrained_model": "untrained_model",
                    "training": training,
                    "precision": "params:precision",
                    "steps_per_execution": "params:steps_per_execution",
                    "strategy": "params:strategy",
                    "train_images": "train_images",
                },
                outputs="compiled_model",
                name="compile_model",
            ),
            Node(
                nodes.start_or_resume,
                inputs=["compiled_model", training, "params:last_checkpoint"],
                outputs="starting_point",
                name="start_or_resume",
            ),
            Node(
                nodes.train,
                inputs=["starting_point", "train_images", "train_labels", training, "params:seed"],
                outputs=["training_log", "checkpoint"],  # in this order they are saved after each epoch
                name="train",
            ),
            Node(
                nodes.finish_training,
                inputs=["checkpoint", "training_log", "untrained_model"],
                outputs=["model", "history_table"],
                name="finish_training",
            ),
            Node(
                figures.plot_learning_curves,
                inputs=["history_table", network, "params:dataset", "metrics"],
                outputs="learning_curves_figure",
                name="plot_learning_curves",
            ),
            Node(
                evaluation.predict,
                inputs=["model", "test_inputs", "test_labels"],
                outputs=["predictions", "prediction_speed"],
                name="predict",
            ),
            Node(
                evaluation.evaluate,
                inputs={
                    "model": "model",
                    "history": "history_table",
                    "predictions": "predictions",
                    "prediction_speed": "prediction_speed",
                    "calibration": "calibration_table",
                    "lecture_accuracy": "params:lecture_accuracy",
                },
                outputs="metrics",
                name="evaluate",
            ),
            Node(
                evaluation.record_results,
                inputs={
                    "history": "history_table",
                    "metrics": "metrics",
                    "train_images": "train_images",
                    "test_images": "test_images",
                    "training": training,
                    "precision": "params:precision",
                    "seed": "params:seed",
                    "run_id": "params:run_id",
                },
                outputs="record",
                name="record_results",
            ),
            Node(
                evaluation.score_classes,
                inputs=["predictions", "params:dataset"],
                outputs="per_class_table",
                name="score_classes",
            ),
            Node(
                evaluation.count_confusions,
                inputs=["predictions", "params:dataset"],
                outputs="confusion_matrix_table",
                name="count_confusions",
            ),
            Node(
                figures.plot_confusion_matrix,
                inputs=["confusion_matrix_table", network, "params:dataset"],
                outputs="confusion_matrix_figure",
                name="plot_confusion_matrix",
            ),
            Node(evaluation.calibrate, inputs="predictions", outputs="calibration_table", name="calibrate"),
            Node(
                figures.plot_reliability_diagram,
                inputs=["calibration_table", "metrics", network],
                outputs="reliability_diagram_figure",
                name="plot_reliability_diagram",
            ),
            Node(
                evaluation.tabulate_first_prediction,
                inputs=["predictions", "params:dataset"],
                outputs="first_prediction_table",
                name="tabulate_first_prediction",
            ),
            Node(
                figures.plot_first_prediction,
                inputs=["test_images", "first_prediction_table", network, "params:dataset"],
                outputs="first_prediction_figure",
                name="plot_first_prediction",
            ),
            Node(
                mistakes.find_mistakes,
                inputs=["predictions", "params:dataset"],
                outputs="mistakes_table",
                name="find_mistakes",
            ),
            Node(
                mistakes.plot_mistakes,
                inputs=["test_images", "mistakes_table", network, "params:dataset"],
                outputs="mistakes_figure",
                name="plot_mistakes",
            ),
            Node(
                make_page_of_network,
                inputs=[
                    "model",
                    "metrics",
                    "test_images",
                    "test_labels",
                    network,
                    "params:dataset",
                    "params:convolution",
                ],
                outputs="playground",
                name="make_page_of_network",
            ),
            Node(
                make_network_report,
                inputs={
                    "network": network,
                    "training": training,
                    "dataset": "params:dataset",
                    "metrics": "metrics",
                    "record": "record",
                    "summary": "summary",
                    "layers": "layers_table",
                    "per_class": "per_class_table",
                    "playground": "playground",
                    **{name: name for name in NETWORK_FIGURES},
                },
                outputs="report",
                name="make_network_report",
            ),
        ]
    )
