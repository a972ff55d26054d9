"""What is handed on to other processes, and what is said of it."""

from typing import Any

import pytest
from kedro.pipeline import GroupedNodes

from convnets.harness.messages import ScalingError
from convnets.harness.processes.handing_on import run_all


class Finished:
    """A task that is done, well or not."""

    def __init__(self, name: str, error: Exception | None) -> None:
        """Be done."""
        self.key = name
        self.exception = lambda: error
        self.result = lambda: 1.0

    def done(self) -> bool:
        """It is."""
        return True

    def cancelled(self) -> bool:
        """It is not."""
        return False


def test_what_needs_a_failed_task_is_not_run_and_all_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    groups = {
        name: GroupedNodes(name=name, type="namespace", nodes=[f"{name}.train"], dependencies=needs)
        for name, needs in (("a", []), ("b", []), ("summary", ["a", "b"]), ("other", ["b"]))
    }
    submitted = []

    def submit(name: str) -> Any:
        submitted.append(name)
        return Finished(name, RuntimeError("no luck") if name == "a" else None)

    with pytest.raises(ScalingError) as raised:
        run_all(groups, submit, len, "here")
    assert submitted == ["a", "b", "other"]
    first, second, last = str(raised.value).splitlines()
    assert (first, second) == ("a failed: no luck", "Not run, since they need what failed: summary")
    assert last.startswith("All else is done. To run what is missing: kedro ")
    assert capsys.readouterr().out.splitlines() == ["a: failed", "b: done in 1.0 s", "other: done in 1.0 s"]
