"""One run at a time works on a namespace; what a killed one was at is known."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kedro.pipeline import Node, Pipeline

from convnets.running import Claims, command_to_go_on
from support import wait_until

STORE = "sqlite:///mlflow.db"
HOLD = """
import pathlib, sys, time
from kedro.pipeline import Node, Pipeline
from convnets.running import Claims
claims = Claims(pathlib.Path(sys.argv[1]))
claims.before_pipeline_run(Pipeline([Node(print, "x", "y", name="node", namespace="cnn")]))
identifier = claims.note_run("cnn", sys.argv[2])
pathlib.Path(sys.argv[1], "claimed").write_text(identifier)
time.sleep(60)
"""


def pipeline_of(namespace: str) -> Pipeline:
    return Pipeline([Node(print, "x", "y", name="node", namespace=namespace)])


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that works on cnn."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path), STORE]) as process:  # noqa: S603 - as above
        wait_until((tmp_path / "claimed").exists, 30)
        yield process
        process.kill()


def test_a_living_process_keeps_its_run_and_a_killed_one_leaves_it(
    other: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    claims = Claims(tmp_path)
    claims.before_pipeline_run(pipeline_of("fcn"))
    assert list(claims.unfinished_runs(STORE)) == []
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert list(claims.unfinished_runs(STORE)) == [("cnn", (tmp_path / "claimed").read_text())]
    assert list(claims.unfinished_runs("sqlite:///another.db")) == []
    claims.forget_run("cnn")
    assert list(claims.unfinished_runs(STORE)) == []
    claims.after_pipeline_run()


def test_a_second_run_waits_for_the_first(
    other: subprocess.Popen[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    threading.Timer(1, other.kill).start()
    claims = Claims(tmp_path)
    claims.before_pipeline_run(pipeline_of("cnn"))
    assert other.wait() == -signal.SIGKILL
    assert "Another run works on cnn" in capsys.readouterr().out
    claims.after_pipeline_run()


def test_the_command_to_go_on_is_the_one_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/kedro", "run", "--params", "dataset.folder=a b"])
    assert command_to_go_on() == "kedro run --params 'dataset.folder=a b' --only-missing-outputs"
    monkeypatch.setattr(sys, "argv", ["/x/kedro", "run", "--only-missing-outputs", "--env", "test"])
    assert command_to_go_on() == "kedro run --env test --only-missing-outputs"
