"""Trainings of a study side by side: the same bits as one after the other, whatever is killed, fails or is ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from subprocess import Popen

import pandas as pd
import psutil
import pytest

from convnets.harness.circumstances import cores
from dask_processes import runs_of, tasks_of
from support import RUN_TIMEOUT, Project, wait_until

pytestmark = [
    pytest.mark.slow,
    # Nothing is side by side there: test_choice.py holds that one core chooses so.
    pytest.mark.skipif(cores() == 1, reason="On one core trainings are run one after the other"),
]

STUDY = ("run", "--env", "test", "--pipeline=seeds")
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1"}
MEASURED = ["network", "seed", "test_accuracy", "test_loss"]
SECONDS_TO_END = 30
NO_LUCK = """

_train = train


def train(
    starting_point: Checkpoint, train_images: np.ndarray, train_labels: np.ndarray, training: Training, seed: int
) -> Iterator[tuple[pd.DataFrame, Checkpoint]]:
    if seed == 2:
        raise ValueError("no luck")
    yield from _train(starting_point, train_images, train_labels, training, seed)
"""


@pytest.fixture
def eager(new_project: Callable[[], Project]) -> Project:
    """A project in which also short trainings are run side by side."""
    project = new_project()
    choice = project.path / "src/convnets/harness/processes/choice.py"
    choice.write_text(choice.read_text().replace("\nSECONDS_WORTH_IT = 120", "\nSECONDS_WORTH_IT = 0"))
    return project


def table_of(project: Project) -> pd.DataFrame:
    return pd.read_csv(project.path / "data/test/08_reporting/seeds.csv")


def states(project: Project) -> list[tuple[str, str]]:
    return sorted((str(run.info.run_name), run.info.status) for run in runs_of(project.store))


def parameters(networks: str, seeds: str, epochs: int = 2) -> tuple[str, str]:
    return "--params", f"seeds.networks={networks},seeds.seeds={seeds},fcn.training.epochs={epochs}"


def two_at_work(project: Project, epochs: int = 500) -> "tuple[Popen[str], list[psutil.Process]]":
    """A study of which two trainings have finished an epoch, and their processes."""
    run = project.start(*STUDY, *parameters("fcn", "1+2+3", epochs))
    models = project.path / "data/test/06_models/seeds"
    wait_until(lambda: len(list(models.glob("[!.]*.checkpoint.keras"))) == 2, RUN_TIMEOUT)
    processes = list(tasks_of(project).values())
    assert len(processes) == 2
    return run, processes


def assert_ended(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=SECONDS_TO_END)
    assert not alive


def test_the_bits_are_those_of_one_thread_one_after_the_other(eager: Project, project: Project) -> None:
    networks_and_seeds = parameters("fcn+cnn", "1+2+3")
    said = eager.kedro(*STUDY, *networks_and_seeds)
    assert f"\n6 trainings, {min(6, cores())} at a time, 1 thread each: " in said
    assert "seeds-cnn-1: done in" in said
    assert "7 of 7 tasks done, 0 failed" in said
    assert all(len(line) <= 80 for line in said.splitlines() if "seconds" not in line and "known before" not in line)
    assert "Test accuracy, mean over seeds" in said
    assert {status for _, status in states(eager)} == {"FINISHED"}
    assert len({run.data.tags["kedro.run"] for run in runs_of(eager.store)}) == 1
    assert not tasks_of(eager)
    assert "seeds-fcn" not in eager.kedro(*STUDY, *networks_and_seeds, "--only-missing-outputs")

    said = project.kedro(*STUDY, *networks_and_seeds, variables=ONE_THREAD)
    assert "\n6 trainings, one after the other: too short to start more processes\n" in said
    pd.testing.assert_frame_equal(table_of(project)[MEASURED], table_of(eager)[MEASURED], check_exact=True)


def test_it_works_without_a_checkout(eager: Project) -> None:
    (eager.path / "pyproject.toml").unlink()
    done = subprocess.run(  # noqa: S603 - the project's own
        [sys.executable, "-m", "convnets", *STUDY[1:], *parameters("fcn", "1+2")],
        cwd=eager.path,
        env=os.environ | {"PYTHONPATH": str(eager.path / "src"), "DO_NOT_TRACK": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 tasks done, 0 failed" in done.stderr


def test_a_training_that_fails_fails_alone(eager: Project) -> None:
    with (eager.path / "src/convnets/pipelines/classifier/nodes.py").open("a") as nodes:
        nodes.write(NO_LUCK)
    said = eager.kedro(*STUDY, *parameters("fcn", "1+2+3"), status=1).splitlines()
    assert "seeds-fcn-3: done in" in "\n".join(said)
    end = next(number for number, line in enumerate(said) if line.startswith("Error: "))
    assert said[end:][:2] == [
        "Error: seeds-fcn-2 failed: ValueError: no luck",
        "Not run, since they need what failed: seeds",
    ]
    assert said[end + 2].startswith("All else is done. To run what is missing: kedro run ")
    assert states(eager) == [("seeds-fcn-1", "FINISHED"), ("seeds-fcn-2", "FAILED"), ("seeds-fcn-3", "FINISHED")]


def test_a_training_that_is_killed_can_be_made_up_for(eager: Project) -> None:
    run, (victim, _) = two_at_work(eager, epochs=40)
    victim.kill()
    output, _ = run.communicate(timeout=RUN_TIMEOUT)
    assert run.returncode == 1, output
    assert "failed: its process was ended by signal 9\n" in output
    assert "Traceback" not in output
    assert sorted(status for _, status in states(eager)) == ["FINISHED", "FINISHED", "KILLED"]
    eager.kedro(*STUDY, *parameters("fcn", "1+2+3", 40), "--only-missing-outputs")
    assert len(table_of(eager)) == 3
    assert sorted(status for _, status in states(eager)) == [*["FINISHED"] * 4, "KILLED"]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_study_that_is_asked_to_end_ends_its_processes(eager: Project, signal_number: signal.Signals) -> None:
    run, processes = two_at_work(eager)
    os.killpg(run.pid, signal_number)
    output, _ = run.communicate(timeout=SECONDS_TO_END)
    assert run.returncode == 128 + signal_number, output
    assert "Traceback" not in output
    if signal_number == signal.SIGINT:
        assert "Interrupted. To go on from the last finished epoch: kedro run " in output
    assert_ended(processes)
    assert [status for _, status in states(eager)] == ["KILLED", "KILLED"]


def test_a_study_that_is_killed_leaves_no_process_and_goes_on(eager: Project) -> None:
    run, processes = two_at_work(eager, epochs=200)
    run.kill()
    run.communicate(timeout=SECONDS_TO_END)
    assert_ended(processes)
    assert [status for _, status in states(eager)] == ["KILLED", "KILLED"]
    eager.kedro(*STUDY, *parameters("fcn", "1+2+3", 200), "--only-missing-outputs")
    finished = [run for run in runs_of(eager.store) if run.info.status == "FINISHED"]
    assert sorted(str(run.info.run_name) for run in finished) == ["seeds", *(f"seeds-fcn-{seed}" for seed in (1, 2, 3))]
    assert len([run for run in finished if "resumed.after_epoch" in run.data.tags]) == 2
    assert {status for _, status in states(eager)} == {"FINISHED", "KILLED"}
