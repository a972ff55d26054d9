"""A project works in any folder, or is refused at once."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from forks import Forks
from support import Project

TINY = "dataset.train_samples=60,dataset.test_samples=20,fcn.network.units=2,fcn.training.epochs=1"
RUN = ("run", "--env", "test", "--pipeline=fcn", "--params", TINY)
LONG = "x" * 200

pytestmark = pytest.mark.slow


def lay_out(path: Path) -> Path:
    path.mkdir()
    Project(path)
    shutil.rmtree(path / "src")  # the forks have the code
    (path / "src").mkdir()
    return path


def statuses(project: Path) -> list[str]:
    with closing(sqlite3.connect(project / "mlflow.db")) as store:
        return [status for (status,) in store.execute("SELECT status FROM runs")]


def test_a_run_is_whole_in_a_folder_of_an_awkward_name(forks: Forks, tmp_path: Path) -> None:
    path = lay_out(tmp_path / f"-ü 100% #$HOME (a], 'c'; c:d=e&f@g~\\\n😀{LONG[:100]}")
    outputs = tmp_path / "data" / "a[b]*?"  # what would be a pattern
    outputs.parent.mkdir()
    (path / "conf/test/globals.yml").write_text(f"outputs: '{outputs}'\n")
    temporary = tmp_path / "t[e]*mp"
    temporary.mkdir()
    ended = forks.kedro(path, *RUN, may_train=True, variables={"TMPDIR": str(temporary)})
    assert ended.status == 0, ended.output
    assert statuses(path) == ["FINISHED"]
    assert {"MLmodel", "history.csv", "learning_curves.png"} <= {file.name for file in path.rglob("mlartifacts/**/*")}
    assert (outputs / "06_models/fcn.keras").is_file()
    assert not list(tmp_path.rglob(".unfinished-*"))


@pytest.mark.parametrize("name", ["a*b", "a?b", "a[b]", "{a}", "%20", f"{LONG}/{LONG}/{LONG}"])
def test_a_folder_that_cannot_work_is_refused_before_anything_is_done(forks: Forks, tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    path = lay_out(tmp_path / name)
    ended = forks.kedro(path, *RUN)
    assert ended.status == 1
    assert ended.output.startswith(f"Error: The project's folder {path} has ")
    assert ended.output.count("\n") == 1
    assert not (path / "mlflow.db").exists()
