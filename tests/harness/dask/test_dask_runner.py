"""What the Dask runner hands on, and what it says."""

from types import SimpleNamespace
from typing import Any

from kedro.pipeline import GroupedNodes

from convnets.harness.dask.runner import describe_failures, run_all
from convnets.harness.handover import HandoverHooks

RUN: dict[str, Any] = {
    "run_id": "now",
    "project_path": "/project",
    "env": None,
    "runtime_params": {"seed": 2},
    "pipeline_names": ["seeds"],
    "only_missing_outputs": True,
}


def test_a_password_is_not_handed_on() -> None:
    for uri, handed_on in (("http://team:5000", "http://team:5000"), ("http://me:secret@team:5000", None)):
        catalog: Any = SimpleNamespace()
        HandoverHooks("/project/conf", uri).before_pipeline_run(RUN, catalog)
        assert catalog.request.tracking_uri == handed_on
        assert catalog.request.runtime_params == {"seed": 2}
        assert catalog.only_missing


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
