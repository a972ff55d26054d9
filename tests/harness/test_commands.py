"""The command line: what is light, and what is refused in one sentence."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro_telemetry.plugin import _check_for_telemetry_consent
from mlflow.telemetry.utils import is_telemetry_disabled

from convnets import settings
from convnets.harness.exits import one_sentence
from support import ROOT, Project

HEAVY = ("tensorflow", "mlflow", "keras", "scipy", "sklearn")


@pytest.fixture(scope="module")
def idle(new_project: Callable[[], Project]) -> Project:
    """A project in which nothing is ever made."""
    return new_project()


@pytest.mark.parametrize(
    "command",
    [["-m", "kedro", "--help"], ["-m", "kedro", "registry", "list"], ["-c", "import convnets.experiment"]],
    ids=["kedro --help", "kedro registry list", "import convnets.experiment"],
)
def test_light_commands_do_not_wait_for_large_packages(idle: Project, command: list[str]) -> None:
    process = subprocess.run(  # noqa: S603
        [sys.executable, "-X", "importtime", *command], cwd=idle.path, capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in process.stderr.splitlines()}
    assert "convnets.harness.hooks" in imported or command[0] == "-c"
    assert imported.isdisjoint(HEAVY)


def test_each_command_is_listed_once(idle: Project) -> None:
    said = idle.kedro("--help").partition("Commands:")[2]
    listed = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert {"run", "mlflow", "registry", "ipython", "viz", "catalog"} <= set(listed)
    assert len(listed) == len(set(listed))


def test_nothing_is_reported_where_the_project_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "false")
    monkeypatch.delenv("DO_NOT_TRACK")
    assert _check_for_telemetry_consent(tmp_path) is None  # and Kedro would take that for consent
    importlib.reload(settings)
    assert _check_for_telemetry_consent(tmp_path) is False
    assert is_telemetry_disabled()


def test_the_package_alone_asks_for_a_configuration(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "convnets"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(f"Error: There is no configuration at {tmp_path}/conf; allowed: ")
    assert not list(tmp_path.iterdir())


def test_the_pipelines_are_registered_by_the_names_of_the_networks(idle: Project) -> None:
    listed = idle.kedro("registry", "list")
    assert [line.removeprefix("- ") for line in listed.splitlines() if line.startswith("- ")] == [
        "__default__",
        "accurate",
        "cnn",
        "cnn_no_pool",
        "comparison",
        "convolution",
        "cured",
        "export",
        "fcn",
        "invariance",
        "label_errors",
        "ladder",
        "permuted_pixels",
        "playground",
        "prediction",
        "preparation",
        "record",
        "report",
        "robustness",
        "sample_size",
        "sample_size_tuned",
        "seeds",
        "translation",
    ]


def test_the_nodes_of_a_study_are_listed(idle: Project) -> None:
    described = idle.kedro("registry", "describe", "seeds", "--env", "test")
    assert "- seeds-cnn-2.train (train)" in described
    assert "seeds-cnn-3" not in described
    assert "There is no pipeline seed: did you mean seeds?" in idle.kedro("registry", "describe", "seed", status=1)


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
    "unknown environment": (["--env", "nonsense"], "There is no environment nonsense: Allowed here: fashion_mnist,"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_gets_one_sentence_and_leaves_nothing(idle: Project, options: list[str], message: str) -> None:
    output = idle.kedro("run", *options, status=1)
    *before, said = output.splitlines()
    assert [line for line in before if not line.startswith("convnets: all networks")] == []  # what would be done
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


def test_figures_need_no_backend_of_the_shell(idle: Project) -> None:
    project = ["run", "--env", "test", "--to-outputs=sample_images"]
    idle.kedro(*project, variables={"MPLBACKEND": "nonsense"})
    assert (idle.path / "data/test/08_reporting/sample_images.png").stat().st_size
