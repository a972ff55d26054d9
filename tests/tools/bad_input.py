"""Bad input gets one sentence that names the culprit and what is allowed, before anything is trained or changed.

The tables of `tests/bad_input/` have the cases; this is what they share.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from convnets.parameters import NETWORKS
from forks import Forks
from support import Project

LONGEST_SENTENCE = 700  # characters
RUN = ("run", "--env", "test")
DATA = "data/test"
STORE = "mlflow.db"
PREDICTION = (*RUN, "--pipeline=prediction")
SEED = "allowed: a whole number from 0 to 4294967295"
TINY = [
    "dataset.train_samples=60",
    "dataset.test_samples=20",
    "fcn.network.units=2",
    *(f"{network}.network.filters=1+1+1" for network in ("cnn", "cnn_no_pool")),
    *(f"{network}.training.epochs=1" for network in NETWORKS),
]
STARTS = [  # what pipelines start from
    f"{network}.{name}" for network in NETWORKS for name in ("model", "predictions", "metrics", "record", "report")
] + ["data_report"]


class Place:
    """A project with results of an earlier run, in which one thing is made wrong."""

    def __init__(self, path: Path, forks: Forks, undo: ExitStack) -> None:
        """Note where it is.

        Args:
            path: Of the project.
            forks: Runs its commands.
            undo: Called when the command has ended.
        """
        self.path = path
        self.forks = forks
        self.undo = undo
        self.options: list[str] = []  # added to the command
        self.variables: dict[str, str] = {}

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there once in a file of the configuration."""
        path = self.path / "conf" / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    def require_permissions(self) -> None:
        """Skip where the permissions of files do not hold."""
        if not self.forks.permissions_hold:
            pytest.skip("root may read and write anything, and setpriv, which could change that, is missing")

    def forbid(self, file: str, mode: int) -> None:
        """Change the permissions of a file or a folder until the command has ended."""
        self.require_permissions()
        path = self.path / file
        before = path.stat().st_mode
        path.chmod(mode)
        self.undo.callback(path.chmod, before)

    def mount(self, folder: Path, options: str) -> None:
        """Mount an empty file system in memory until the command has ended."""
        mount, umount = shutil.which("mount"), shutil.which("umount")
        if not mount or not umount or os.geteuid() != 0:
            pytest.skip("mounting a small file system needs root")
        command = [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if mounted.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
        self.undo.callback(subprocess.run, [umount, str(folder)], check=True)


Prepare = Callable[[Place], None]


def both(first: Prepare, second: Prepare) -> Prepare:
    """Make one thing wrong, then another."""

    def prepare(place: Place) -> None:
        first(place)
        second(place)

    return prepare


def nothing(_: Place) -> None:
    """The command line alone is wrong."""


class Case(NamedTuple):
    """One fault.

    Attributes:
        id: What is wrong.
        says: What the sentence has: the culprit, what was found, what is allowed. `{path}` is the project's.
        options: Added to `kedro run --env test`.
        prepare: Makes something wrong.
        command: The command.
        status: The exit status.
    """

    id: str
    says: tuple[str, ...]
    options: tuple[str, ...] = ()
    prepare: Prepare = nothing
    command: tuple[str, ...] = RUN
    status: int = 1


def parameter(setting: str, *says: str) -> Case:
    """A parameter on the command line."""
    return Case(setting, says, ("--params", setting))


def edited(file: str, old: str, new: str) -> Prepare:
    return lambda place: place.edit(file, old, new)


def forbidden(file: str, mode: int) -> Prepare:
    return lambda place: place.forbid(file, mode)


def flip_a_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def result(file: str, change: Callable[[bytes], bytes] | None) -> Prepare:
    """A result that is changed, or, with `None`, removed."""

    def prepare(place: Place) -> None:
        path = place.path / DATA / file
        if change is None:
            path.unlink()
        else:
            path.write_bytes(change(path.read_bytes()))

    return prepare


@pytest.fixture(scope="session")
def forks(new_project: Callable[[], Project]) -> Iterator[Forks]:
    """Runs kedro commands, each in a fraction of a second."""
    forks = Forks(new_project().path)
    yield forks
    forks.close()


@pytest.fixture(scope="session")
def trained(forks: Forks, new_project: Callable[[], Project]) -> Path:
    """A project in which all networks have been trained."""
    path = new_project().path
    ended = forks.kedro(path, *RUN, "--params", ",".join(TINY), f"--to-outputs={','.join(STARTS)}", may_train=True)
    assert ended.status == 0, ended.output
    shutil.rmtree(path / "src")  # the forks have the code
    (path / "src").mkdir()
    return path


def digests(path: Path) -> dict[str, str]:
    """What is in the folders of results and of MLflow: the digest of each file; what cannot be read is named alone."""
    found = {}
    for top in ("data/test", "elsewhere", "mlartifacts", STORE):
        for file in sorted([path / top, *(path / top).rglob("*")]):
            if file.is_file():
                found[str(file.relative_to(path))] = hashlib.sha256(file.read_bytes()).hexdigest()
            elif file.is_dir():
                found[str(file.relative_to(path))] = "a folder"
    return found


def hold_to_one_sentence(case: Case, trained: Path, forks: Forks, path: Path) -> None:
    """Check that a fault gets its sentence and its exit status, and that nothing is trained or changed.

    Args:
        case: The fault.
        trained: The project that is copied.
        forks: Runs the command.
        path: Where the copy goes.
    """
    shutil.copytree(trained, path, symlinks=True)
    with ExitStack() as undo:
        place = Place(path, forks, undo)
        case.prepare(place)
        before = digests(path)
        status, output = forks.kedro(path, *case.command, *case.options, *place.options, variables=place.variables)
        after = digests(path)
    assert status == case.status, output
    assert "Traceback" not in output
    # A training would say so, and end in a traceback here.
    assert "learn from" not in output
    # Click puts the usage before what it finds itself.
    usage, separator, sentence = output.rpartition("Error: ")
    assert separator, output
    assert status == 1 or usage.startswith("Usage: "), output
    # And a runner, which comes last, finds out when it is said what is run.
    assert status == 2 or not usage or usage.startswith("convnets: "), output
    sentence = sentence.strip()
    assert "\n" not in sentence
    assert len(sentence) < LONGEST_SENTENCE
    for said in case.says:
        assert said.replace("{path}", str(path)) in sentence
    assert before == after
