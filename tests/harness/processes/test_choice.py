"""How many trainings are run at a time, and what is said of it."""

from pathlib import Path

import pytest

from convnets.harness.circumstances import GIBIBYTE
from convnets.harness.processes import choice
from convnets.harness.processes.choice import choose


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """One with two cores, 8 GiB of memory and no GPU."""
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(choice, "cores", lambda: 2)
    monkeypatch.setattr(choice, "memory", lambda: 8 * GIBIBYTE)
    monkeypatch.setattr(choice, "GPUS", tmp_path)
    return monkeypatch


@pytest.mark.usefixtures("machine")
def test_a_study_fills_the_cores() -> None:
    assert choose(15, 900) == (2, "2 at a time, 1 thread each: 2 cores, 8 GiB of memory")


@pytest.mark.parametrize(
    ("cores", "gibibytes", "trainings", "processes"),
    [(1, 8, 9, 1), (2, 3, 9, 1), (2, None, 9, 2), (8, 32, 3, 1), (8, 32, 6, 6), (8, 8, 9, 4), (8, 4, 9, 1)],
    ids=["1 core", "no room", "unknown room", "few", "fewer than cores", "room for some", "room for few"],
)
def test_cores_memory_and_trainings_must_be_enough(
    machine: pytest.MonkeyPatch, cores: int, gibibytes: int | None, trainings: int, processes: int
) -> None:
    machine.setattr(choice, "cores", lambda: cores)
    machine.setattr(choice, "memory", lambda: gibibytes and gibibytes * GIBIBYTE)
    assert choose(trainings, 900).processes == processes


def test_the_user_says_how_many_threads_each_has(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(choice, "cores", lambda: 8)
    machine.setenv("TF_NUM_INTRAOP_THREADS", "4")
    assert choose(9, 900) == (2, "2 at a time, 4 threads each: 8 cores, 8 GiB of memory, TF_NUM_INTRAOP_THREADS=4")
    machine.setenv("TF_NUM_INTRAOP_THREADS", "8")
    assert choose(9, 900).how.startswith("one after the other: 8 cores, ")


@pytest.mark.usefixtures("machine")
def test_what_would_not_pay_or_not_work_is_run_one_after_the_other(tmp_path: Path) -> None:
    assert choose(9, 119) == (1, "one after the other: too short to start more processes")
    assert choose(9, 900, "train_images") == (1, "one after the other: train_images is kept in memory")
    (tmp_path / "nvidia0").touch()
    assert choose(9, 900) == (1, "one after the other: there is a GPU")
