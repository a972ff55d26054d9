"""MLflow stores that are new, change, or fail while networks are trained."""

import http.client
import http.server
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run
from test_lost_store import tracking_server

from convnets.harness.tracking.store import sqlite_file, store_uri
from support import RUN_TIMEOUT, Project, free_port

pytestmark = pytest.mark.slow

EPOCHS = 8
FCN = ("run", "--env", "test", "--pipeline=fcn", "--params", f"fcn.training.epochs={EPOCHS}")
GO_ON = (*FCN, "--only-missing-outputs")
OPEN = """
import pathlib, sys, mlflow
from convnets.harness.tracking.store import make_store, opening, reachable
with opening(pathlib.Path.cwd(), sys.argv[1]), reachable(sys.argv[1]):
    make_store(sys.argv[1])
    mlflow.MlflowClient(sys.argv[1]).search_experiments()
"""


def runs_in(uri: str) -> list[Run]:
    store = mlflow.MlflowClient(uri)
    experiment = store.get_experiment_by_name("convnets-test")
    return list(store.search_runs([experiment.experiment_id])) if experiment else []


def statuses(uri: str) -> Counter[str]:
    return Counter(run.info.status for run in runs_in(uri))


def check_whole(uri: str, run: Run, epochs: int = EPOCHS) -> None:
    history = mlflow.MlflowClient(uri).get_metric_history(run.info.run_id, "loss")
    assert [point.step for point in history] == list(range(1, epochs + 1))
    assert "test_accuracy" in run.data.metrics
    assert run.outputs is not None
    assert len(run.outputs.model_outputs) == 1


def test_four_processes_make_one_store_whatever_its_path_holds(tmp_path: Path) -> None:
    uri = store_uri(f"sqlite:///{tmp_path}/%3F%2541 %C3%BC#@/team.db?timeout=30", tmp_path, "here")
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, uri], cwd=tmp_path, stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(4)
    ]
    said = [process.communicate(timeout=RUN_TIMEOUT)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    folder = tmp_path / "?%41 ü#@"
    assert sqlite_file(uri) == folder / "team.db"
    assert {path.name for path in folder.iterdir()} == {"team.db", "team.db.lock"}


def test_a_run_that_goes_on_on_another_store_is_closed_and_made_whole_in_the_first(project: Project) -> None:
    first, second = (f"sqlite:///{project.path}/{name}.db" for name in ("first", "second"))
    process = project.start(*FCN, variables={"MLFLOW_TRACKING_URI": first})
    assert process.stdout is not None
    assert any("fcn epoch 2/8" in line for line in process.stdout)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    project.kedro(*GO_ON, variables={"MLFLOW_TRACKING_URI": second})
    (run,) = runs_in(second)
    check_whole(second, run)
    project.kedro(*GO_ON, variables={"MLFLOW_TRACKING_URI": first})
    assert statuses(first) == {"KILLED": 1, "FINISHED": 1}
    check_whole(first, next(run for run in runs_in(first) if run.info.status == "FINISHED"))


def test_two_clones_share_a_store(new_project: Callable[[], Project], tmp_path: Path) -> None:
    clones = [new_project(), new_project()]
    uri = f"sqlite:///{tmp_path}/team.db"
    command = ("run", "--env", "test", "--pipeline=fcn")
    processes = [clone.start(*command, variables={"MLFLOW_TRACKING_URI": uri}) for clone in clones * 2]
    said = [process.communicate(timeout=RUN_TIMEOUT)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert statuses(uri) == {"FINISHED": 4}
    for run in runs_in(uri):
        check_whole(uri, run, epochs=2)


@contextmanager
def losing_answers(port: int, lost: Callable[[str, int], bool]) -> Iterator[str]:
    """A proxy in front of a server that says 500 in place of some answers; yields its address.

    Args:
        port: Of the server.
        lost: Says of a path, and the number of the request, whether its answer is lost.
    """
    numbers = itertools.count(1)

    class Loses(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            server.request(self.command, self.path, body, {"Content-Type": self.headers.get("Content-Type", "")})
            response = server.getresponse()
            content = response.read()
            server.close()
            is_lost = lost(self.path, next(numbers))
            self.send_response(500 if is_lost else response.status)
            self.send_header("Content-Length", str(0 if is_lost else len(content)))
            self.end_headers()
            self.wfile.write(b"" if is_lost else content)

        do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Nothing."""

    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Loses)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}"
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()


def test_a_server_whose_answers_are_lost_leaves_no_run_open(project: Project, tmp_path: Path) -> None:
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    created = []

    def lost(path: str, number: int) -> bool:
        if path.endswith("runs/create"):
            created.append(number)
            return len(created) == 1
        return path.endswith("log-batch") and number % 2 == 0

    with tracking_server(tmp_path, port):
        with losing_answers(port, lost) as address:
            named = address.replace("//", "//me:s3cret@")
            output = project.kedro(*FCN, variables={"MLFLOW_TRACKING_URI": named})
        assert "s3cret" not in output
        assert len(created) == 2
        assert statuses(uri) == {"FINISHED": 1, "KILLED": 1}
        check_whole(uri, next(run for run in runs_in(uri) if run.info.status == "FINISHED"))
