"""What the system does to a run: signals, a closed pipe, a full disk. What is finished is kept, and it goes on."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from bad_input import Place
from forks import AS_ANYBODY
from progress import epochs_in, runs
from support import RUN_TIMEOUT, Project, wait_until

RUN = ("run", "--env", "test", "--pipeline=fcn", "--params", "fcn.training.epochs=25")
GO_ON = (*RUN, "--only-missing-outputs")
MODELS = "06_models"
CHECKPOINT = f"{MODELS}/fcn.checkpoint.keras"

pytestmark = pytest.mark.slow


def statuses(project: Project) -> list[str]:
    return [run.info.status for run in runs(project)]


def train_on(
    project: Project, outputs: Path, *command: str, variables: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a run, and wait for an epoch of its own."""
    before = epochs_in(outputs / CHECKPOINT)
    process = project.start(*command, variables=variables)
    try:
        wait_until(lambda: epochs_in(outputs / CHECKPOINT) > before, 120)
    except TimeoutError:
        process.kill()
        pytest.fail(f"no epoch after {before}, of {epochs_in(outputs / CHECKPOINT)}: {process.communicate()[0]}")
    return process


def fill(folder: Path) -> None:
    """Take all space of a file system."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_signals_and_a_closed_pipe_end_a_run_in_order(project: Project) -> None:
    outputs = project.path / "data/test"
    process = train_on(project, outputs, *RUN)
    process.send_signal(signal.SIGHUP)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGHUP
    assert "Traceback" not in output
    assert statuses(project) == ["KILLED"]

    process = train_on(project, outputs, *GO_ON)
    assert process.stdout is not None
    process.stdout.close()  # as head does
    assert process.wait(timeout=30) == 128 + signal.SIGPIPE
    assert statuses(project)[0] == "KILLED"
    assert statuses(project)[1] in ("FAILED", "KILLED")

    # A shell has what it runs in the background ignore it, and so would the run.
    before = signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    process = train_on(project, outputs, *GO_ON)
    signal.signal(signal.SIGQUIT, before)
    process.send_signal(signal.SIGQUIT)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGQUIT
    process = train_on(project, outputs, *GO_ON)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    output, _ = process.communicate(timeout=RUN_TIMEOUT)
    assert process.returncode == 0, output
    assert statuses(project)[2:] == ["KILLED", "FINISHED"]
    assert not list(project.path.rglob(".unfinished-*"))


@pytest.fixture
def small(project: Project) -> Iterator[Path]:
    """A file system of 40 MB in the project's folder `small`."""
    folder = project.path / "small"
    folder.mkdir()
    with ExitStack() as undo:
        Place(project.path, None, undo).mount(folder, "size=40m")  # type: ignore[arg-type]
        yield folder


@pytest.mark.parametrize("full", ["results", "temporary files"])
def test_a_disk_that_fills_up_on_the_way_is_named_and_the_run_goes_on(project: Project, small: Path, full: str) -> None:
    variables, outputs = {"TMPDIR": str(small)}, project.path / "data/test"
    if full == "results":
        (project.path / "conf/test/globals.yml").write_text("outputs: small\n")
        variables, outputs = {}, small
    process = train_on(project, outputs, *RUN, variables=variables)
    fill(small)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1, output
    assert "Traceback" not in output
    sentence = output.splitlines()[-1]
    assert sentence.startswith(f"Error: {outputs}/")
    assert "No space left on device" in sentence
    assert ".unfinished" not in sentence
    assert full == "results" or str(small) in sentence
    assert statuses(project) == ["FAILED"]
    (small / "filler").unlink()
    assert "going on after epoch" in project.kedro(*GO_ON, variables=variables)
    assert statuses(project) == ["FAILED", "FINISHED"]
    assert not list(project.path.rglob(".unfinished-*"))


def test_a_folder_that_is_forbidden_on_the_way_is_named_and_the_run_goes_on(project: Project) -> None:
    if not shutil.which(AS_ANYBODY[0]):
        pytest.skip("permissions must hold")
    outputs = project.path / "data/test"
    command = [*AS_ANYBODY, sys.executable, "-m", "kedro", *RUN]
    process = subprocess.Popen(  # noqa: S603
        command, cwd=project.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    wait_until((outputs / CHECKPOINT).exists, 120)
    (outputs / MODELS).chmod(0o555)
    output, _ = process.communicate(timeout=60)
    (outputs / MODELS).chmod(0o755)
    assert process.returncode == 1, output
    assert "Traceback" not in output
    sentence = output.splitlines()[-1]
    assert sentence.startswith(f"Error: {outputs / MODELS}/")
    assert sentence.endswith("Permission denied")
    assert "going on after epoch" in project.kedro(*GO_ON)
    assert statuses(project) == ["FAILED", "FINISHED"]
