"""The convolution pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.convolution import figures, learned, learned_figures, operation


@in_namespace("convolution")
def create_pipeline(convnets: Sequence[str]) -> Pipeline:
    """Wire the test images and trained convnets to pictures and tables of convolution.

    Args:
        convnets: The names of the networks that have convolution layers.

    Returns:
        The pipeline.
    """
    return Pipeline([_show_the_operation(convnets), *(_show_what_is_learned(network) for network in convnets)])


def _show_the_operation(convnets: Sequence[str]) -> Pipeline:
    of_kernels = ["test_images", "response_maps", "params:convolution"]
    return Pipeline(
        [
            Node(
                operation.compute_response_maps,
                inputs=["test_images", "params:convolution"],
                outputs="response_maps",
                name="compute_response_maps",
            ),
            Node(figures.plot_kernels, inputs=of_kernels, outputs="kernels_figure", name="plot_kernels"),
            Node(figures.plot_convolution_step, inputs=of_kernels, outputs="step_figure", name="plot_convolution_step"),
            Node(figures.animate_convolution, inputs=of_kernels, outputs="animation", name="animate_convolution"),
            Node(figures.plot_border_effects, inputs=None, outputs="border_effects_figure", name="plot_border_effects"),
            Node(figures.plot_padding, inputs=None, outputs="padding_figure", name="plot_padding"),
            Node(figures.plot_strides, inputs=None, outputs="strides_figure", name="plot_strides"),
            Node(
                operation.tabulate_output_sizes, inputs=None, outputs="output_sizes_table", name="tabulate_output_sizes"
            ),
            Node(
                operation.downsample,
                inputs=["test_images", "params:convolution"],
                outputs="downsampled",
                name="downsample",
            ),
            Node(figures.plot_pooling, inputs="downsampled", outputs="pooling_figure", name="plot_pooling"),
            Node(
                learned.tabulate_costs,
                inputs={network: f"{network}.model" for network in convnets},
                outputs="costs_table",
                name="tabulate_costs",
            ),
        ]
    )


def _show_what_is_learned(network: str) -> Pipeline:
    pipeline = Pipeline(
        [
            Node(learned.first_filters, inputs="model", outputs="filters", name="read_first_filters"),
            Node(
                learned_figures.plot_first_filters,
                inputs=["filters", "params:network"],
                outputs="first_filters_figure",
                name="plot_first_filters",
            ),
            Node(
                learned.compute_feature_maps,
                inputs=["model", "test_images", "params:convolution"],
                outputs="feature_maps",
                name="compute_feature_maps",
            ),
            Node(
                learned_figures.plot_feature_maps,
                inputs=["test_images", "feature_maps", "params:convolution", "params:network"],
                outputs="feature_maps_figure",
                name="plot_feature_maps",
            ),
            Node(
                learned.find_exciting_images,
                inputs=["model", "test_images", "params:convolution"],
                outputs="exciting_images_table",
                name="find_exciting_images",
            ),
            Node(
                learned_figures.plot_exciting_images,
                inputs=["test_images", "exciting_images_table", "params:network"],
                outputs="exciting_images_figure",
                name="plot_exciting_images",
            ),
            Node(
                learned.ascend_to_patterns,
                inputs=["model", "params:convolution", "params:seed"],
                outputs="patterns",
                name="ascend_to_patterns",
            ),
            Node(
                learned_figures.plot_patterns,
                inputs=["patterns", "params:network"],
                outputs="patterns_figure",
                name="plot_patterns",
            ),
            Node(
                learned.locate_evidence,
                inputs=["model", "test_images"],
                outputs=["answers", "evidence"],
                name="locate_evidence",
            ),
            Node(
                learned_figures.plot_evidence,
                inputs=[
                    "test_images",
                    "raw_test_labels",
                    "answers",
                    "evidence",
                    "params:dataset",
                    "params:network",
                ],
                outputs="evidence_figure",
                name="plot_evidence",
            ),
        ]
    )
    return Pipeline(
        pipeline,
        inputs={"model": f"{network}.model", "test_images": "test_images", "raw_test_labels": "raw_test_labels"},
        parameters={
            "params:network": f"params:{network}.network",
            **{name: name for name in ("params:convolution", "params:dataset", "params:seed")},
        },
        namespace=network,
    )
