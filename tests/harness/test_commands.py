"""The command line: what is light, and what is refused in one sentence."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError

from convnets.harness.exits import end, one_sentence, orderly_end
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
    assert "convnets.harness.hooks" in imported or command[0] == "-c"
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


REFUSED = {  # by real processes; tests/bad_input/ has many more faults
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
    assert raised.value.message.startswith("/dev/full cannot be written: No space left on device, there or in ")
    with pytest.raises(click.ClickException) as raised, one_sentence():
        (tmp_path / "no" / "folder").mkdir()
    assert raised.value.message == f"{tmp_path / 'no' / 'folder'} cannot be used: No such file or directory"


def test_the_mlflow_ui_waits_for_runs(project: Project) -> None:
    assert "has no experiment 'convnets' yet: run `kedro run`" in project.kedro("mlflow", status=1)


@pytest.mark.parametrize("wrapped", [False, True], ids=["as it is", "as Kedro says it"])
def test_a_lack_of_memory_is_said_in_one_sentence(wrapped: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    error: Exception = MemoryError("Unable to allocate 3.5 GiB for an array")
    if wrapped:
        error, error.__cause__ = DatasetError("Failed while loading data:"), error
    with pytest.raises(click.ClickException) as refused, one_sentence():
        raise error
    assert refused.value.message.startswith("There is not enough memory (Unable to allocate 3.5 GiB for an array): end")


def test_other_faults_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError), one_sentence():
        raise ZeroDivisionError


def test_a_run_outlives_its_terminal_under_nohup() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with orderly_end():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_figures_need_no_backend_of_the_shell(idle: Project) -> None:
    project = ["run", "--env", "test", "--to-outputs=sample_images"]
    idle.kedro(*project, variables={"MPLBACKEND": "nonsense"})
    assert (idle.path / "data/test/08_reporting/sample_images.png").stat().st_size
