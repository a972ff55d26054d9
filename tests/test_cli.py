"""The command line: what is light, and what is refused in one sentence."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pandas as pd
import pytest
from kedro.io import DataCatalog

from convnets.cli import one_sentence
from support import Project

HEAVY = ("tensorflow", "mlflow", "keras")


@pytest.fixture(scope="module")
def idle(new_project: Callable[[], Project]) -> Project:
    """A project in which nothing is ever made."""
    return new_project()


@pytest.mark.parametrize(
    "command",
    [["-m", "kedro", "--help"], ["-m", "kedro", "registry", "list"], ["-c", "import convnets"]],
    ids=["kedro --help", "kedro registry list", "import convnets"],
)
def test_light_commands_do_not_wait_for_tensorflow_or_mlflow(idle: Project, command: list[str]) -> None:
    process = subprocess.run(  # noqa: S603
        [sys.executable, "-X", "importtime", *command], cwd=idle.path, capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "convnets.hooks" in imported or command[0] == "-c"
    assert imported.isdisjoint(HEAVY)


def test_the_pipelines_are_registered_by_the_names_of_the_networks(idle: Project) -> None:
    listed = idle.kedro("registry", "list")
    assert [line.removeprefix("- ") for line in listed.splitlines() if line.startswith("- ")] == [
        "__default__",
        "cnn",
        "cnn_no_pool",
        "comparison",
        "convolution",
        "fcn",
        "prediction",
        "preparation",
        "sample_size",
        "seeds",
        "translation",
    ]


REFUSED = {  # by real processes; test_bad_input.py has many more faults
    "misspelt parameter": (
        ["--params", "cnn.training.epoch=1"],
        "There is no parameter cnn.training.epoch: did you mean cnn.training.epochs?",
    ),
    "kernel larger than a feature map": (
        ["--params", "cnn_no_pool.network.kernel_size=15"],
        "cnn_no_pool.network has windows that do not fit images of 28 x 28: its kernel_size is 15, strides 1, "
        "pool_size null; allowed: sizes that leave each layer at least one pixel",
    ),
    "unknown environment": (["--env", "nonsense"], "conf/nonsense"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_gets_one_sentence_and_leaves_nothing(idle: Project, options: list[str], message: str) -> None:
    output = idle.kedro("run", *options, status=1)
    (said,) = output.splitlines()
    assert said.startswith("Error: ")
    assert message in said
    assert not list((idle.path / "data").rglob("*.keras"))


def test_what_kedro_says_in_several_lines_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.touch()
    catalog = DataCatalog.from_config({"table": {"type": "pandas.CSVDataset", "filepath": str(path)}})
    with pytest.raises(click.ClickException) as raised, one_sentence():
        catalog.load("table")
    assert raised.value.message == f"{path} cannot be read: No columns to parse from file"


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    catalog = DataCatalog.from_config({"table": {"type": "pandas.CSVDataset", "filepath": "/dev/full"}})
    with pytest.raises(click.ClickException) as raised, one_sentence():
        catalog.save("table", pd.DataFrame({"a": [1]}))
    assert raised.value.message == "/dev/full cannot be written: [Errno 28] No space left on device"
    with pytest.raises(click.ClickException) as raised, one_sentence():
        (tmp_path / "no" / "folder").mkdir()
    assert raised.value.message == f"{tmp_path / 'no' / 'folder'} cannot be used: No such file or directory"


def test_the_mlflow_ui_waits_for_runs(project: Project) -> None:
    assert "has no experiment 'convnets' yet: run `kedro run`" in project.kedro("mlflow", status=1)


def test_figures_need_no_backend_of_the_shell(idle: Project) -> None:
    project = ["run", "--env", "test", "--to-outputs=sample_images"]
    idle.kedro(*project, variables={"MPLBACKEND": "nonsense"})
    assert (idle.path / "data/test/08_reporting/sample_images.png").stat().st_size
