"""Where a project can be, and where it cannot."""

from pathlib import Path

import pytest

from convnets.harness.messages import OutputError
from convnets.harness.outputs import MAX_PROJECT_PATH_BYTES, check_project_folder


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        *((f"/home/a{sign}b", f"has '{sign}' in its path; allowed: a path without * ? [ {{ }}") for sign in "*?[{}"),
        ('/home/it\'s/"b"', "in its path; allowed: a path without * ? [ { }, without % before two"),
        ("/home/a%2fb", "has '%2f' in its path; allowed: a path without"),
        ("/home/a\udcff", "/home/a\\udcff has bytes in its path that are no text"),
        (f"/{'ü' * (MAX_PROJECT_PATH_BYTES // 2)}", "a path of 481 bytes; allowed: up to 480"),
    ],
)
def test_a_folder_that_cannot_work_is_refused(folder: str, says: str) -> None:
    with pytest.raises(OutputError) as refused:
        check_project_folder(Path(folder))
    assert says in str(refused.value)


def test_other_folders_are_allowed() -> None:
    check_project_folder(Path("/home/ü 100% $HOME #1 (a], it's: c\n"))
