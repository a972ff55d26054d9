"""The report pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.report import nodes
from convnets.pipelines.report.texts import COMPARISON_FIGURES


@in_namespace("report")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire the comparison and the networks' own reports to the report of them all.

    Args:
        networks: Their names, in the order of the page.

    Returns:
        The pipeline.
    """
    return Pipeline(
        [
            Node(
                nodes.make_report,
                inputs={
                    "dataset": "params:dataset",
                    "table": "comparison.table",
                    "tests": "comparison.mcnemar_tests_table",
                    "class_counts": "class_counts",
                    "sample_images": "sample_images",
                    "outdated_inputs": "report.outdated_inputs",
                    "studies": "report.studies",
                    **{name: f"comparison.{name}" for name in COMPARISON_FIGURES},
                    **{f"{network}_metrics": f"{network}.metrics" for network in networks},
                    **{f"{network}_report": f"{network}.report" for network in networks},
                },
                outputs="page",
                name="make_report",
            )
        ]
    )
