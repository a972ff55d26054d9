"""Files appear whole, or not at all."""

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import CSVDataset

from convnets.hooks.whole_files import WholeFileHooks, is_alive, unfinished_name

TABLE = pd.DataFrame({"a": [1, 2]})


class Breaking:
    """A table that cannot be written to its end."""

    def to_csv(self, path_or_buf: Any, **_: Any) -> None:
        """Write the first half."""
        path_or_buf.write("a\n1")
        raise OSError("no space left")


def make_table() -> pd.DataFrame:
    return TABLE


def make_breaking() -> Any:
    return Breaking()


def save(path: Path, function: Any) -> None:
    pipeline = Pipeline([Node(function, None, "table", name="make")])
    catalog, hooks, manager = (
        DataCatalog({"table": CSVDataset(filepath=str(path))}),
        WholeFileHooks(),
        _create_hook_manager(),
    )
    manager.register(hooks)
    hooks.before_pipeline_run(pipeline, catalog)
    try:
        SequentialRunner().run(pipeline, catalog, manager)
    except DatasetError:
        hooks.on_pipeline_error()
        raise


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    save(tmp_path / "table.csv", make_table)
    assert pd.read_csv(tmp_path / "table.csv").equals(TABLE)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_what_cannot_be_written_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    save(tmp_path / "table.csv", make_table)
    with pytest.raises(DatasetError, match="no space left"):
        save(tmp_path / "table.csv", make_breaking)
    assert pd.read_csv(tmp_path / "table.csv").equals(TABLE)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_what_a_killed_process_left_is_removed_and_a_living_ones_and_that_of_another_machine_is_not(
    tmp_path: Path,
) -> None:
    process = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = int(process.stdout)
    assert is_alive(os.getpid())
    assert not is_alive(dead)
    of_this_process = unfinished_name("table.csv")
    of_the_dead = of_this_process.replace(str(os.getpid()), str(dead))
    elsewhere = of_the_dead.replace(platform.node(), "elsewhere")
    for name in (of_this_process, of_the_dead, elsewhere):
        (tmp_path / name).touch()
    (tmp_path / ".made_from").mkdir()
    (tmp_path / ".made_from" / of_the_dead).touch()
    WholeFileHooks().before_pipeline_run(
        Pipeline([Node(make_table, None, "table", name="make")]),
        DataCatalog({"table": CSVDataset(filepath=str(tmp_path / "table.csv"))}),
    )
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {of_this_process, elsewhere}
