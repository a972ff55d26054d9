"""One run at a time works on a namespace; what a killed one was at is known."""

import json
import multiprocessing
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from kedro.framework.hooks import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from convnets.experiment import EXPERIMENT
from convnets.harness.atomic_files import AtomicFileHooks
from convnets.harness.catalog import CatalogOfCurrentResults
from convnets.harness.exits import command_to_go_on
from convnets.harness.locks import NamespaceLocks
from convnets.harness.provenance import ProvenanceHooks, digest_of_file
from support import wait_until

STORE = "sqlite:///mlflow.db"
WRITERS, TIMES = 3, 50
HOLD = """
import pathlib, sys, time
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from convnets.harness.locks import NamespaceLocks
claims = NamespaceLocks(pathlib.Path(sys.argv[1]))
pipeline = Pipeline([Node(print, "x", "cnn.y", name="node", namespace="cnn")])
claims.before_pipeline_run(pipeline, DataCatalog())
identifier = claims.note_run("cnn", sys.argv[2])
pathlib.Path(sys.argv[1], "claimed").write_text(identifier)
time.sleep(60)
"""


def pipeline_of(namespace: str) -> Pipeline:
    return Pipeline([Node(print, "x", f"{namespace}.y", name="node", namespace=namespace)])


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
    claims = NamespaceLocks(tmp_path)
    claims.before_pipeline_run(pipeline_of("fcn"), DataCatalog())
    assert list(claims.unfinished_runs(STORE)) == []
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert list(claims.unfinished_runs(STORE)) == [("cnn", (tmp_path / "claimed").read_text())]
    assert list(claims.unfinished_runs("sqlite:///another.db")) == []
    other_claim = claims.note_run("cnn", "sqlite:///another.db")
    claims.forget_run("cnn", STORE)
    assert list(claims.unfinished_runs("sqlite:///another.db")) == [("cnn", other_claim)]
    assert list(claims.unfinished_runs(STORE)) == []
    claims.after_pipeline_run()


def test_a_second_run_waits_for_the_first(
    other: subprocess.Popen[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    threading.Timer(1, other.kill).start()
    claims = NamespaceLocks(tmp_path)
    claims.before_pipeline_run(pipeline_of("cnn"), DataCatalog())
    assert other.wait() == -signal.SIGKILL
    assert "Another run works on cnn" in capsys.readouterr().out
    claims.after_pipeline_run()


def test_the_command_to_go_on_is_the_one_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/kedro", "run", "--params", "dataset.folder=a b"])
    assert command_to_go_on() == "kedro run --params 'dataset.folder=a b' --only-missing-outputs"
    monkeypatch.setattr(sys, "argv", ["/x/kedro", "run", "--only-missing-outputs", "--env", "test"])
    assert command_to_go_on() == "kedro run --env test --only-missing-outputs"


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 200_000, b"\xff", b"' OR tags.seed LIKE '%"], ids=range(5))
def test_a_note_that_no_run_has_written_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    claims = NamespaceLocks(tmp_path)
    (tmp_path / ".running").mkdir()
    claims.note_run("cnn", STORE)
    (note,) = (tmp_path / ".running").glob("cnn.*.run")
    note.write_bytes(content)
    assert list(claims.unfinished_runs(STORE)) == []


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
        about = {
            "run_params": {"only_missing_outputs": False, "runner": "SequentialRunner"},
            "pipeline": pipeline,
            "catalog": catalog,
        }
        for hooks in (ProvenanceHooks(EXPERIMENT, {"writer": writer}), AtomicFileHooks(), NamespaceLocks(folder)):
            manager.register(hooks)
        manager.hook.after_catalog_created(
            catalog=catalog, conf_catalog=None, conf_creds=None, parameters=None, save_version=None, load_versions=None
        )
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
    assert note["made_from"]["parameter writer"] == str(writer)
    assert note["sha256"] == [digest_of_file(tmp_path / "class_counts.csv")]
    assert not list(tmp_path.rglob("*unfinished*"))
