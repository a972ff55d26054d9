"""The notebooks, executed from top to bottom in the test configuration."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from convnets.exercises.answers import NO_ANSWER
from support import ROOT, RUN_TIMEOUT, Project

NOTEBOOKS = ROOT / "notebooks"
EXERCISES = 10


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    project = new_project()
    shutil.copytree(NOTEBOOKS, project.path / "notebooks")
    return project


def execute(path: Path, environment_of_kedro: str = "test") -> Any:
    """Execute a notebook in its folder; an error in a cell is raised."""
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(notebook, timeout=RUN_TIMEOUT, resources={"metadata": {"path": str(path.parent)}})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    client.execute(env=environment | {"KEDRO_ENV": environment_of_kedro, "DO_NOT_TRACK": "true"})
    return notebook


def text_of(notebook: Any) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of the sockets to the kernel
def test_the_notebooks_run_from_top_to_bottom(project: Project) -> None:
    lecture = text_of(execute(project.path / "notebooks" / "lecture.ipynb"))
    assert "Total params: 407,050" in lecture
    assert "Total params: 712,202" in lecture
    assert "(1000, 28, 28)" in lecture
    compared = text_of(execute(project.path / "notebooks" / "compare_runs.ipynb"))
    assert re.search(r"cnn_no_pool +712202\.0", compared)
    for output in (lecture, compared):
        assert "warning" not in output.lower()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_exercises_without_answers_run_and_ask_for_them(project: Project) -> None:
    exercises = text_of(execute(project.path / "notebooks" / "exercises.ipynb"))
    assert exercises.count(NO_ANSWER) == EXERCISES
    assert "warning" not in exercises.lower()


@pytest.mark.slow  # three convnets learn from thousands of images
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_solutions_pass_all_checks(project: Project) -> None:
    solutions = text_of(execute(project.path / "notebooks" / "solutions.ipynb", "notebook"))
    assert len(re.findall(r"^Right\. ", solutions, re.M)) == EXERCISES
    assert "Not yet" not in solutions


def test_the_committed_exercises_are_empty_and_their_solutions_right() -> None:
    exercises, solutions = (
        text_of(nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4))  # type: ignore[no-untyped-call]
        for name in ("exercises", "solutions")
    )
    assert exercises.count(NO_ANSWER) == len(re.findall(r"^Right\. ", solutions, re.M)) == EXERCISES


@pytest.mark.parametrize("name", ["lecture", "compare_runs", "exercises", "solutions"])
def test_the_committed_notebooks_were_executed_in_order_without_errors(name: str) -> None:
    notebook: Any = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "warning" not in text_of(notebook).lower()
    assert not re.search(r"/(home|root|tmp|work)/", str(notebook))
