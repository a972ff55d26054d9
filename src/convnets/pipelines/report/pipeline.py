"""The report pipeline."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from convnets.pipelines import in_namespace
from convnets.pipelines.report import nodes
from convnets.pipelines.report.texts import COMPARISON_FIGURES


@in_namespace("comparison")
def create_pipeline(networks: Sequence[str]) -> Pipeline:
    """Wire the comparison, and the reports on the data and on each network, to the report on all of it.

    It is a part of the comparison, whose run records it.

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
                    "outdated_inputs": "params:outdated_inputs",
                    "table": "comparison.table",
                    "tests": "comparison.mcnemar_tests_table",
                    "data": "data_report",
                    "studies": "study_results",
                    **{name: f"comparison.{name}" for name in COMPARISON_FIGURES},
                    **{f"{network}_report": f"{network}.report" for network in networks},
                },
                outputs="report",
                name="make_report",
            )
        ]
    )
