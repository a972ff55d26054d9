"""What the tests share: a slice of real MNIST, and projects of their own to run in."""

import os
import signal
from collections.abc import Callable

import numpy as np
import pytest

from convnets.datasets.idx import IDXDataset
from convnets.parameters import Dataset
from support import ROOT, Project

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Commands would ignore what this process ignores: Ctrl-C in the background of a shell, SIGHUP under nohup.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)

MNIST = ROOT / "data" / "01_raw" / "mnist"
pytest_plugins = ["bad_input", "playground_page"]  # for their fixtures, and so that what they assert is told in full


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that takes longest, or one process would end with it while the other has nothing to do."""
    items.sort(key=lambda item: item.path.name != "test_project.py")


def load_raw(name: str, dimensions: int) -> np.ndarray:
    """Load one of the committed MNIST files."""
    return IDXDataset(filepath=str(MNIST / f"{name}-ubyte.gz"), dimensions=dimensions).load()


@pytest.fixture(scope="session")
def raw_train_images() -> np.ndarray:
    return load_raw("train-images-idx3", 3)


@pytest.fixture(scope="session")
def raw_train_labels() -> np.ndarray:
    return load_raw("train-labels-idx1", 1)


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


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    return lambda: Project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()
