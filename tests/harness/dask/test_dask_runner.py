"""What the Dask runner hands on, and what it says."""

from types import SimpleNamespace
from typing import Any

from kedro.pipeline import Pipeline

from convnets.experiment import EXPERIMENT
from convnets.harness.hooks import RequestHooks
from convnets.harness.tracking.store import uri_for_others

RUN: dict[str, Any] = {
    "run_id": "now",
    "project_path": "/project",
    "env": None,
    "runtime_params": {"seed": 2},
    "pipeline_names": ["seeds"],
    "only_missing_outputs": True,
    "runner": "DaskRunner",
}


def test_a_password_is_not_handed_on() -> None:
    assert uri_for_others("http://team:5000") == "http://team:5000"
    assert uri_for_others("http://me:secret@team:5000") is None


def test_a_runner_knows_what_was_asked_for() -> None:
    catalog: Any = SimpleNamespace()
    RequestHooks(EXPERIMENT, "/project/conf", "http://team:5000").before_pipeline_run(RUN, Pipeline([]), catalog)
    assert catalog.request.tracking_uri == "http://team:5000"
    assert catalog.request.runtime_params == {"seed": 2}
    assert catalog.request.only_missing
    assert catalog.request.elsewhere
