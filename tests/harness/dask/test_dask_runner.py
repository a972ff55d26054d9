"""What the Dask runner hands on, and what it says."""

from types import SimpleNamespace
from typing import Any

from kedro.pipeline import GroupedNodes

from convnets.experiment import EXPERIMENT
from convnets.harness.dask.runner import describe_failures, run_all
from convnets.harness.hooks import RequestHooks
from convnets.harness.tracking.store import uri_for_others

RUN: dict[str, Any] = {
    "run_id": "now",
    "project_path": "/project",
    "env": None,
    "runtime_params": {"seed": 2},
    "pipeline_names": ["seeds"],
    "only_missing_outputs": True,
}


def test_a_password_is_not_handed_on() -> None:
    assert uri_for_others("http://team:5000") == "http://team:5000"
    assert uri_for_others("http://me:secret@team:5000") is None


def test_a_runner_knows_what_was_asked_for() -> None:
    catalog: Any = SimpleNamespace()
    RequestHooks(EXPERIMENT, "/project/conf", "http://team:5000").before_pipeline_run(RUN, catalog)
    assert catalog.request.tracking_uri == "http://team:5000"
    assert catalog.request.runtime_params == {"seed": 2}
    assert catalog.request.only_missing


class Finished:
    """A task that is done, well or not."""

    def __init__(self, name: str, error: Exception | None) -> None:
        """Be done."""
        self.key = name
        self.status = "error" if error else "finished"
        self.exception = lambda: error

    def done(self) -> bool:
        """It is."""
        return True

    def cancelled(self) -> bool:
        """It is not."""
        return False


def test_what_needs_a_failed_task_is_not_run_and_all_else_is() -> None:
    groups = {
        name: GroupedNodes(name=name, type="namespace", nodes=[f"{name}.train"], dependencies=needs)
        for name, needs in (("a", []), ("b", []), ("summary", ["a", "b"]), ("other", ["b"]))
    }
    submitted = []

    def submit(name: str) -> Any:
        submitted.append(name)
        return Finished(name, RuntimeError("no luck") if name == "a" else None)

    client: Any = SimpleNamespace(nthreads=dict, processing=dict)
    failures, not_run = run_all(client, groups, submit)
    assert submitted == ["a", "b", "other"]
    assert failures == {"a": "no luck"}
    assert not_run == ["summary"]
    said = describe_failures(failures, not_run).splitlines()
    assert said[:2] == ["a failed: no luck", "Not run, since they need what failed: summary"]
    assert said[2].startswith("All else is done. To run what is missing: kedro ")
