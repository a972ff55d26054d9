"""What the tests share: a slice of real MNIST, and projects of their own to run in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convnets.idx import IDXDataset
from convnets.parameters import Dataset

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).parent.parent
MNIST = ROOT / "data" / "01_raw" / "mnist"
RUN_TIMEOUT = 240  # seconds, of one command


def load_raw(name: str, dimensions: int) -> np.ndarray:
    """Load one of the committed MNIST files."""
    return IDXDataset(filepath=str(MNIST / f"{name}-ubyte.gz"), dimensions=dimensions).load()


@pytest.fixture(scope="session")
def raw_test_images() -> np.ndarray:
    return load_raw("t10k-images-idx3", 3)


@pytest.fixture(scope="session")
def raw_test_labels() -> np.ndarray:
    return load_raw("t10k-labels-idx1", 1)


@pytest.fixture
def mnist() -> Dataset:
    return Dataset(
        name="MNIST",
        folder="data/01_raw/mnist",
        class_names=tuple("0123456789"),
        train_samples=None,
        test_samples=None,
    )


class Project:
    """A project of its own, with the code, configuration and raw data of this one, and commands run in it."""

    def __init__(self, path: Path) -> None:
        """Lay the project out in an empty folder."""
        self.path = path
        self.store = f"sqlite:///{path / 'mlflow.db'}"
        shutil.copytree(ROOT / "conf", path / "conf")
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(ROOT / name, path / name)
        (path / "src").symlink_to(ROOT / "src")
        (path / "data").mkdir()
        (path / "data" / "01_raw").symlink_to(ROOT / "data" / "01_raw")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a kedro command; its standard error goes with its output."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        return subprocess.Popen(  # noqa: S603 - the project's own command
            [sys.executable, "-m", "kedro", *arguments],
            cwd=self.path,
            env=environment | {"DO_NOT_TRACK": "true", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kedro(self, *arguments: str, status: int = 0) -> str:
        """Run a kedro command, hold its exit status against what is expected, and return what it printed."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=RUN_TIMEOUT)
        assert process.returncode == status, output
        return output


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    return lambda: Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()
