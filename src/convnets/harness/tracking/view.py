"""The prepared view of an experiment: the charts of its latest runs, which the MLflow UI opens at one address.

MLflow documents no such thing; its UI keeps a view that people share in a tag of the experiment. Only this file knows
how, as MLflow 3.17 does it.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convnets.harness.tracking.settings import Chart

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

LATEST = "latest"  # the tag of a network's latest run, and of one that is still going on
KEY = "latest-runs"
TAG = f"mlflow.sharedViewState.{KEY}"
NAME = "Latest runs"
SECTION, REST = "charts", "rest"
COLUMNS = 3
CARD_HEIGHT = 300  # pixels, the least that the UI offers: two rows fit into a screen of 1600 x 1000
SEARCH = f"tags.{LATEST} = 'true' AND attributes.status != 'FAILED' AND attributes.status != 'KILLED'"
# The lines through the points that were recorded, which the UI would smooth.
LINE = {"lineSmoothness": 0, "useGlobalLineSmoothing": False, "displayPoints": True, "xAxisKey": "step", "range": {}}


def view_tag(charts: Sequence[Chart], created: int) -> str:
    """The value of the tag, as the UI reads it.

    Args:
        charts: In the order in which they are shown.
        created: When the experiment was, in milliseconds: who writes the tag writes the same.
    """
    state = {
        "searchFilter": SEARCH,
        "orderByKey": "attributes.start_time",
        "orderByAsc": True,
        "compareRunCharts": [_card(number, chart) for number, chart in enumerate(charts)],
        "compareRunSections": [
            {"uuid": SECTION, "name": NAME, "display": True, "isReordered": True}
            | {"columns": COLUMNS, "cardHeight": CARD_HEIGHT},
            # Where the UI puts the metrics that have no chart.
            {"uuid": REST, "name": "Model metrics", "display": False, "isReordered": True},
        ],
        "isAccordionReordered": True,
    }
    return json.dumps({"name": NAME, "createdAt": created, "updatedAt": created, "state": json.dumps(state)})


def _card(number: int, chart: Chart) -> dict[str, Any]:
    card = {
        "uuid": f"chart{number}",
        "type": chart.type.upper(),
        "metricKey": chart.metric,
        "metricSectionId": SECTION,
        "runsCountToCompare": 20,
        "deleted": False,
        "isGenerated": False,
    }
    return card | (LINE if chart.type == "line" else {})


def prepare_view(client: "MlflowClient", experiment: "Experiment", charts: Sequence[Chart]) -> None:
    """Write the tag, unless it is there, or a user has changed the view in the UI.

    Raises:
        MlflowException: The store does not let this process write it.
    """
    from mlflow.exceptions import MlflowException

    tag = view_tag(charts, experiment.creation_time or 0)
    found = experiment.tags.get(TAG)
    if not charts or found == tag or (found and _is_changed_by_hand(found)):
        return
    try:
        client.set_experiment_tag(experiment.experiment_id, TAG, tag)
    except MlflowException:
        if client.get_experiment(experiment.experiment_id).tags.get(TAG) != tag:  # written by another run just now
            raise


def _is_changed_by_hand(tag: str) -> bool:
    try:
        view = json.loads(tag)
        return bool(view["updatedAt"] != view["createdAt"])
    except (ValueError, KeyError, TypeError):
        return False


def charts_address(experiment: "Experiment") -> str:
    """The address of the experiment's charts, below the server's own: in the prepared view, where there is one.

    It must not name what the view says, such as the search, or the UI would leave the view aside.
    """
    view = "compareRunsMode=CHART&workflowType=machine_learning"
    if TAG in experiment.tags:
        view += f"&viewStateShareKey={KEY}"
    return f"/#/experiments/{experiment.experiment_id}/runs?{view}"
