"""Several commands at once on one new store, of different networks, and of one network twice."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import keras
import mlflow
import pandas as pd
import pytest
from mlflow.entities import LoggedModelStatus, Run
from PIL import Image

from convnets.harness.locks import FOLDER as CLAIMS
from convnets.harness.provenance import FOLDER as NOTES
from convnets.parameters import NETWORKS
from support import RUN_TIMEOUT, Project

pytestmark = pytest.mark.slow  # a minute of six runs at once

TWICE = "fcn"
AT_ONCE = (TWICE, *NETWORKS, "preparation")
READERS: dict[str, Callable[[Path], object]] = {
    ".csv": pd.read_csv,
    ".html": lambda path: path.read_text(encoding="utf-8").index("</html>"),
    ".json": lambda path: json.loads(path.read_text()),
    ".keras": keras.saving.load_model,
    ".parquet": pd.read_parquet,
    ".png": lambda path: Image.open(path).load(),
    ".txt": Path.read_text,
}


class Commands:
    """A project in which commands have run at once, or one process all networks, and what they printed."""

    def __init__(self, project: Project, *pipelines: str) -> None:
        """Run a command for each of the pipelines."""
        processes = [project.start("run", "--env", "test", f"--pipelines={pipeline}") for pipeline in pipelines]
        self.outputs = [process.communicate(timeout=RUN_TIMEOUT)[0] for process in processes]
        self.statuses = [process.returncode for process in processes]
        self.data = project.path / "data" / "test"
        self.store = mlflow.MlflowClient(project.store)
        (experiment,) = self.store.search_experiments(filter_string="name = 'convnets-test'")
        self.experiment = experiment.experiment_id

    def runs(self) -> list[Run]:
        """All runs, the one that ended first first."""
        return sorted(self.store.search_runs([self.experiment]), key=lambda run: int(run.info.end_time or 0))

    def files(self) -> set[str]:
        """All results and the notes what they were made from."""
        paths = (path.relative_to(self.data) for path in self.data.rglob("*") if path.is_file())
        return {str(path) for path in paths if CLAIMS not in path.parts}

    def metrics(self, network: str) -> dict[str, float]:
        """What a network's last run left in its file."""
        metrics = json.loads((self.data / "08_reporting" / network / "metrics.json").read_text())
        return {name: value for name, value in metrics.items() if value is not None}


@pytest.fixture(scope="module")
def at_once(new_project: Callable[[], Project]) -> Commands:
    return Commands(new_project(), *AT_ONCE)


@pytest.fixture(scope="module")
def alone(new_project: Callable[[], Project]) -> Commands:
    return Commands(new_project(), ",".join(NETWORKS))


def test_all_commands_finish_and_the_second_of_two_waits(at_once: Commands) -> None:
    assert at_once.statuses == [0] * len(AT_ONCE), "\n".join(at_once.outputs)
    waited = [f"Another run works on {TWICE}: waiting" in output for output in at_once.outputs]
    assert sorted(waited[:2]) == [False, True]
    assert not any(waited[2:])
    assert not re.search(r"warning|ERROR|Traceback|locked", "\n".join(at_once.outputs))


def test_each_command_has_a_run_of_its_own(at_once: Commands) -> None:
    runs = at_once.runs()
    assert sorted(run.info.run_name for run in runs) == sorted([TWICE, *NETWORKS])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert len({run.data.tags["kedro.run"] for run in runs}) == len(runs)
    first, second = (run.info for run in runs if run.info.run_name == TWICE)
    assert first.end_time is not None
    assert first.end_time <= second.start_time
    for run in runs:
        assert run.data.params["network.name"] == run.info.run_name
        assert [point.step for point in at_once.store.get_metric_history(run.info.run_id, "loss")] == [1, 2]
        assert run.outputs is not None
        (output,) = run.outputs.model_outputs
        model = at_once.store.get_logged_model(output.model_id)
        assert (model.name, model.status) == (run.info.run_name, LoggedModelStatus.READY)
        artifacts = {artifact.path for artifact in at_once.store.list_artifacts(run.info.run_id)}
        assert {"history.csv", "learning_curves.png", "predictions.parquet", "summary.txt"} <= artifacts
    last = {run.info.run_name: run for run in runs}
    for network in NETWORKS:
        assert at_once.metrics(network).items() <= last[network].data.metrics.items()


def test_results_are_those_of_the_networks_alone(at_once: Commands, alone: Commands) -> None:
    assert alone.statuses == [0], alone.outputs
    for ours, theirs in ((at_once.metrics(network), alone.metrics(network)) for network in NETWORKS):
        assert ours.keys() == theirs.keys()
        assert [ours[name] for name in ("test_loss", "test_accuracy")] == [
            theirs[name] for name in ("test_loss", "test_accuracy")
        ]
    last = {run.info.run_name: run for run in alone.runs()}
    for run in at_once.runs():
        assert run.data.params == last[run.info.run_name].data.params
        for name in ("loss", "accuracy", "test_loss", "test_accuracy"):
            assert run.data.metrics[name] == last[run.info.run_name].data.metrics[name]


def test_outputs_are_whole(at_once: Commands, alone: Commands) -> None:
    assert at_once.files() == alone.files()
    assert not list(at_once.data.rglob("*unfinished*"))
    assert {path.suffix for path in (at_once.data / CLAIMS).iterdir()} == {".lock"}
    for path in map(at_once.data.joinpath, at_once.files()):
        READERS[path.suffix](path)
    notes = [path for path in at_once.files() if NOTES in Path(path).parts]
    assert len(notes) > len(AT_ONCE)
    for note in notes:
        ours, theirs = (json.loads((made.data / note).read_text()) for made in (at_once, alone))
        assert ours["made_from"] == theirs["made_from"]
