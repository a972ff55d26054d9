"""Runs beside each other: what each of them claims, and what it leaves the others."""

import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock, Timeout
from kedro.framework.hooks import _create_hook_manager
from kedro.io import MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from pydantic import BaseModel

from convnets.catalog import CatalogOfCurrentResults
from convnets.provenance import ProvenanceHooks
from convnets.running import FOLDER, Claims
from convnets.whole_files import WholeFileHooks

STORE = "sqlite:///mlflow.db"
WRITERS = 3
TIMES = 50


class Parameters(BaseModel):
    """What distinguishes a run from another."""

    writer: int


def count(writer: int) -> pd.DataFrame:
    return pd.DataFrame({"writer": [writer]})


def save_often(folder: Path, writer: int) -> None:
    """Make the file that every run makes, as often as no user would."""
    pipeline = Pipeline([Node(count, inputs="params:writer", outputs="class_counts", name="count")])
    for _ in range(TIMES):
        dataset = {"type": "pandas.CSVDataset", "filepath": str(folder / "class_counts.csv")}
        catalog = CatalogOfCurrentResults.from_config({"class_counts": dataset})
        catalog["params:writer"] = MemoryDataset(writer)
        manager = _create_hook_manager()
        about = {"run_params": {"only_missing_outputs": False}, "pipeline": pipeline, "catalog": catalog}
        for hooks in (ProvenanceHooks(Parameters(writer=writer)), WholeFileHooks(), Claims(folder)):
            manager.register(hooks)
        manager.hook.before_pipeline_run(**about)
        SequentialRunner().run(pipeline, catalog, manager)
        manager.hook.after_pipeline_run(run_result={}, **about)


def test_a_file_that_all_runs_make_is_one_runs_and_so_is_its_note(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=save_often, args=(tmp_path, writer)) for writer in range(WRITERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0] * WRITERS
    (writer,) = pd.read_csv(tmp_path / "class_counts.csv")["writer"]
    note = json.loads((tmp_path / ".made_from" / "class_counts.json").read_text())
    assert note["parameter writer"] == str(writer)
    assert not list(tmp_path.rglob("*unfinished*"))


@pytest.fixture
def dead_run(tmp_path: Path) -> Iterator[Claims]:
    """Claims of a process that finds the note of another, which was killed."""
    (tmp_path / FOLDER).mkdir()
    claims = Claims(tmp_path)
    claims.note_run("cnn", STORE, "the dead run")
    yield claims
    claims.after_pipeline_run()


def test_nobody_begins_with_a_network_while_its_dead_run_is_closed(tmp_path: Path, dead_run: Claims) -> None:
    for name, run_id in dead_run.unfinished_runs(STORE):
        assert (name, run_id) == ("cnn", "the dead run")
        with pytest.raises(Timeout):
            FileLock(tmp_path / FOLDER / "cnn.lock").acquire(timeout=0)
        dead_run.forget_run(name)
    with FileLock(tmp_path / FOLDER / "cnn.lock", timeout=0):
        assert not list(dead_run.unfinished_runs(STORE))


def test_a_run_that_somebody_works_on_and_one_of_another_store_are_let_be(tmp_path: Path, dead_run: Claims) -> None:
    assert not list(dead_run.unfinished_runs("sqlite:///team.db"))
    with FileLock(tmp_path / FOLDER / "cnn.lock"):
        assert not list(dead_run.unfinished_runs(STORE))
    assert len(list(dead_run.unfinished_runs(STORE))) == 1
