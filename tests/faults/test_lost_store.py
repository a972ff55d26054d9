"""An MLflow store that is lost in the middle: the results are whole, and what it lacks can be recorded."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from bad_input import DATA, RUN, digests
from convnets.harness.commands import QUIET
from support import RUN_TIMEOUT, Project, free_port, wait_until


@contextmanager
def tracking_server(folder: Path, port: int) -> Iterator[Callable[[], None]]:
    """An MLflow server on loopback; yields what kills it."""
    command = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{folder / 'team.db'}", "--artifacts-destination", str(folder / "team")]
    server = subprocess.Popen(  # noqa: S603
        [sys.executable, *command, *store],
        cwd=folder,
        env=os.environ | QUIET,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # it starts others
    )

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()

    try:
        wait_until(lambda: urlopen(f"http://127.0.0.1:{port}/health").status == 200, seconds=120)
        yield kill
    finally:
        kill()


@pytest.mark.slow
def test_what_a_lost_store_lacks_is_recorded_when_it_is_back(project: Project, tmp_path: Path) -> None:
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    variables = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
    command = [*RUN, "--pipelines=fcn,cnn", "--params", "fcn.training.epochs=8"]
    with tracking_server(tmp_path, port) as kill:
        process = project.start(*command, variables=variables)
        assert process.stdout is not None
        for line in process.stdout:
            if "fcn epoch 1/8: " in line:
                break
        kill()
        output, _ = process.communicate(timeout=RUN_TIMEOUT)
    assert process.returncode == 1, output
    assert "Traceback" not in output
    (sentence,) = [line for line in output.splitlines() if line.startswith("Error: ")]
    assert sentence.startswith(f"Error: The MLflow store at {uri} failed on the way (")
    assert "the results are whole and in their files, but not all of cnn, fcn is in MLflow;" in sentence
    again = shlex.join(["kedro", *command, "--only-missing-outputs"])
    assert sentence.endswith(f"when it can be used again, `{again}` records them")
    whole = results_of(project)
    for network in ("fcn", "cnn"):
        assert {f"{DATA}/06_models/{network}.keras", f"{DATA}/08_reporting/{network}/metrics.json"} <= whole.keys()

    with tracking_server(tmp_path, port):
        output = project.kedro(*shlex.split(again)[1:], variables=variables)
        assert "learn from" not in output
        assert results_of(project) == whole
        store = MlflowClient(uri)
        experiment = store.get_experiment_by_name("convnets-test")
        assert experiment is not None
        runs = store.search_runs([experiment.experiment_id])
        assert sorted((run.info.run_name, run.info.status) for run in runs) == [
            ("cnn", "FINISHED"),
            ("fcn", "FINISHED"),
            ("fcn", "KILLED"),
        ]
        for run in runs:
            if run.info.status == "FINISHED":
                check_recorded(store, run, project.path / DATA / f"08_reporting/{run.info.run_name}")


def check_recorded(store: MlflowClient, run: Run, reports: Path) -> None:
    """Check that a run has all metrics, epochs, reports and the model."""
    metrics = json.loads((reports / "metrics.json").read_text())
    assert {name: value for name, value in metrics.items() if value is not None}.items() <= run.data.metrics.items()
    epochs = [point.step for point in store.get_metric_history(run.info.run_id, "loss")]
    assert epochs == list(range(1, int(run.data.params["training.epochs"]) + 1))
    artifacts = {artifact.path for artifact in store.list_artifacts(run.info.run_id)}
    assert artifacts >= {path.name for path in reports.iterdir() if path.is_file()} - {"metrics.json", "record.json"}
    assert run.outputs is not None
    assert run.outputs.model_outputs


def results_of(project: Project) -> dict[str, str]:
    return {name: digest for name, digest in digests(project.path).items() if not Path(name).match("*/.*/*")}
