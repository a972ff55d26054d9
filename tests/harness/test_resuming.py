"""A run that is killed goes on from its last finished epoch, and ends with the same bits."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import keras
import mlflow
import numpy as np
import pandas as pd
import pytest

from chaos import weights_digest
from convnets.datasets.checkpoint import Checkpoint, CheckpointDataset
from progress import epochs_in, runs
from support import Project, wait_until

RUN = ("run", "--env", "test", "--pipeline=cnn", "--params", "cnn.training.epochs=4")
GO_ON = (*RUN, "--only-missing-outputs")
OPTIONS = (
    "epochs=8",
    "learning_rate=0.003",
    "schedule=one_cycle",
    "optimizer=nesterov",
    "weight_decay=0.01",
    "clip_norm=1.0",
    "label_smoothing=0.1",
    "augmentation.shift=2",
    "augmentation.rotation=10",
    "augmentation.noise=0.05",
    "validation_split=0.2",
    "early_stopping=3",
    "keep=best",
)


def weights(project: Project) -> str:
    return weights_digest(project.path / "data/test/06_models/cnn.keras")


def kill_after_epochs(project: Project, epochs: int, *command: str) -> None:
    process = project.start(*command)
    checkpoint = project.path / "data/test/06_models/cnn.checkpoint.keras"
    wait_until(lambda: epochs_in(checkpoint) >= epochs, 120)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def uninterrupted(new_project: Callable[[], Project]) -> Project:
    project = new_project()
    project.kedro(*RUN)
    return project


@pytest.mark.slow
def test_a_killed_training_goes_on_with_the_same_bits(uninterrupted: Project, project: Project) -> None:
    kill_after_epochs(project, 2, *RUN)
    assert [run.info.status for run in runs(project)] == ["RUNNING"]
    output = project.kedro(*GO_ON)
    assert "going on after epoch" in output
    assert "epoch 1/4" not in output
    assert weights(project) == weights(uninterrupted)
    dead, whole = runs(project)
    assert (dead.info.status, whole.info.status) == ("KILLED", "FINISHED")
    assert int(whole.data.tags["resumed.after_epoch"]) >= 2
    (reference,) = runs(uninterrupted)
    assert whole.data.metrics.keys() == reference.data.metrics.keys()
    history = mlflow.MlflowClient(project.store).get_metric_history(whole.info.run_id, "loss")
    assert [metric.step for metric in history] == [1, 2, 3, 4]
    log = pd.read_csv(project.path / "data/test/08_reporting/cnn/history.csv")
    assert log["epoch"].tolist() == [1, 2, 3, 4]
    assert not list(project.path.rglob(".unfinished-*"))

    output = project.kedro(*GO_ON)
    assert "nothing was to be done" in output
    assert len(runs(project)) == 2


@pytest.mark.slow
def test_what_was_changed_or_made_with_another_seed_is_made_again(project: Project) -> None:
    project.kedro(*RUN)
    log, digest = pd.read_csv(project.path / "data/test/08_reporting/cnn/history.csv"), weights(project)
    table = project.path / "data/test/08_reporting/cnn/history.csv"
    table.write_text(table.read_text().replace("1", "7", 1))
    output = project.kedro(*GO_ON)
    assert "cnn.history_table was changed since it was made: made again" in output
    assert "learn from" not in output
    pd.testing.assert_frame_equal(pd.read_csv(table), log, check_exact=True)

    output = project.kedro(*GO_ON[:-2], "cnn.training.epochs=4,seed=2", "--only-missing-outputs")
    assert "seed was 1 and is 2" in output
    assert "epoch 1/4" in output
    assert weights(project) != digest


@pytest.mark.slow
def test_a_plain_run_starts_afresh(uninterrupted: Project, project: Project) -> None:
    kill_after_epochs(project, 1, *RUN)
    output = project.kedro(*RUN)
    assert "epoch 1/4" in output
    assert weights(project) == weights(uninterrupted)
    assert [run.info.status for run in runs(project)] == ["KILLED", "FINISHED"]


@pytest.mark.slow
def test_a_killed_training_with_every_option_goes_on_with_the_same_bits(
    project: Project, new_project: Callable[[], Project]
) -> None:
    command = (*RUN[:-1], ",".join(f"cnn.training.{option}" for option in OPTIONS))
    whole = new_project()
    whole.kedro(*command)
    kill_after_epochs(project, 2, *command)
    output = project.kedro(*command, "--only-missing-outputs")
    assert "going on after epoch" in output
    assert weights(project) == weights(whole)
    metrics = [runs(place)[-1].data.metrics for place in (project, whole)]
    assert metrics[0]["best_epoch"] == metrics[1]["best_epoch"]
    assert metrics[0]["test_loss"] == metrics[1]["test_loss"]
    parameters = runs(project)[-1].data.params
    assert parameters["training.augmentation.shift"] == "2"
    assert "nothing was to be done" in project.kedro(*command, "--only-missing-outputs")


@pytest.mark.slow
def test_ctrl_c_ends_soon_and_says_how_to_go_on(project: Project) -> None:
    process = project.start(*RUN)
    wait_until(lambda: epochs_in(project.path / "data/test/06_models/cnn.checkpoint.keras") >= 1, 120)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    output, _ = process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert process.returncode == 130
    assert f"To go on from the last finished epoch: kedro {' '.join(GO_ON)}" in output
    assert "Traceback" not in output
    assert [run.info.status for run in runs(project)] == ["KILLED"]
    assert "going on after epoch" in project.kedro(*GO_ON)


@pytest.mark.slow
def test_what_was_made_by_other_code_is_made_again(project: Project) -> None:
    command = ("run", "--env", "test", "--pipeline=preparation")
    project.kedro(*command)
    source = project.path / "src/convnets/pipelines/preparation/nodes.py"
    source.write_text(source.read_text() + "\n# a change\n")
    note = project.path / "data/test/08_reporting/.made_from/class_counts.json"
    before = json.loads(note.read_text())["made_from"]
    output = project.kedro(*command, "--only-missing-outputs")
    assert "Made again, since the code has changed: class_counts" in output
    after = json.loads(note.read_text())["made_from"]
    assert before["code"] != after["code"]
    assert {name: before[name] for name in ("parameter dataset.name", "version of keras")}.items() <= after.items()


def test_a_checkpoint_is_whole_and_exists_once_it_is_finished(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", steps_per_execution=2)
    model.fit(np.ones((4, 3), np.float32), np.ones(4), verbose=0)
    log = pd.DataFrame({"epoch": [1], "loss": [0.1 + 0.2]})
    dataset = CheckpointDataset(filepath=str(tmp_path / "checkpoint.keras"))
    assert not dataset.exists()
    dataset.save(Checkpoint(model, log, 2))
    assert not dataset.exists()
    assert dataset.finished_epochs() == 1
    loaded = dataset.load()
    pd.testing.assert_frame_equal(loaded.log, log, check_exact=True)
    for ours, theirs in zip(model.optimizer.variables, loaded.model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    dataset.save(Checkpoint(model, log, 1))
    assert dataset.exists()
    whole = (tmp_path / "checkpoint.keras").read_bytes()
    (tmp_path / "checkpoint.keras").write_bytes(whole[: len(whole) // 2])
    assert not dataset.exists()
    assert dataset.finished_epochs() == 0
