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

from convnets.harness.atomic_files import AtomicFileHooks, final_path, is_alive, unfinished_name, write_atomically

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
        AtomicFileHooks(),
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
    of_no_process = of_this_process.replace(str(os.getpid()), "9" * 30)
    for name in (of_this_process, of_the_dead, elsewhere, of_no_process):
        (tmp_path / name).touch()
    folder = tmp_path / f"{of_the_dead}.folder"
    folder.mkdir()
    (tmp_path / ".made_from").mkdir()
    (tmp_path / ".made_from" / of_the_dead).touch()
    AtomicFileHooks().before_pipeline_run(
        Pipeline([Node(make_table, None, "table", name="make")]),
        DataCatalog({"table": CSVDataset(filepath=str(tmp_path / "table.csv"))}),
    )
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {
        of_this_process,
        elsewhere,
        of_no_process,
    }
    assert folder.is_dir()


def test_a_file_is_on_the_disk_before_it_takes_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    synchronize, replace = os.fsync, os.replace

    def fsync(descriptor: int) -> None:
        calls.append(f"fsync {Path(f'/dev/fd/{descriptor}').resolve().name}")
        synchronize(descriptor)

    def rename(old: str | Path, new: str | Path) -> None:
        calls.append(f"rename {Path(new).name}")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)
    save(tmp_path / "table.csv", make_table)
    write_atomically(tmp_path / "note.json", "{}")
    assert calls == [
        call
        for name in ("table.csv", "note.json")
        for call in (f"fsync {unfinished_name(name)}", f"rename {name}", f"fsync {tmp_path.name}")
    ]


def test_an_error_names_the_file_and_not_how_it_was_called_for_the_moment(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(IsADirectoryError) as caught:
        write_atomically(path, "{}")
    assert caught.value.filename == str(path)
    assert final_path(str(tmp_path / unfinished_name("a+b.csv"))) == str(tmp_path / "a+b.csv")
    assert final_path("data/a+b.csv") == "data/a+b.csv"
