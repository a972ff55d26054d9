"""Where results go: that they can be written, and that there is space for them, before anything is trained."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from convnets.harness.experiment import PlannedRun
from convnets.harness.messages import OutputError, one_line
from convnets.harness.storage import is_local_file, path_of

MEGABYTE = 1_000_000
# What Kedro takes for patterns of files and of data sets, SQLAlchemy for a coded sign, and what MLflow cannot quote.
IMPOSSIBLE_IN_PATH = re.compile(r"""[*?\[{}]|%[0-9A-Fa-f]{2}|'.*"|".*'""", re.DOTALL)
MAX_PROJECT_PATH_BYTES = 480  # SQLite opens no path of more than 512


def check_project_folder(folder: Path) -> None:
    """Check that what the project is made of can work in a folder of that name.

    Args:
        folder: Of the project, or in it.

    Raises:
        OutputError: It cannot. The message names what is in the way, and what is allowed.
    """
    shown = f"The project's folder {one_line(str(folder))}"
    if found := IMPOSSIBLE_IN_PATH.search(str(folder)):
        raise OutputError(
            f"{shown} has {found[0]!r} in its path; allowed: a path without * ? [ {{ }}, without % before two "
            "hexadecimal digits, and with one kind of quotation marks: move or rename it"
        )
    if (length := len(os.fsencode(folder))) > MAX_PROJECT_PATH_BYTES:
        raise OutputError(
            f"{shown} has a path of {length} bytes; allowed: up to {MAX_PROJECT_PATH_BYTES}, as SQLite opens no longer "
            "one: move it"
        )
    try:
        str(folder).encode()
    except UnicodeEncodeError as error:
        raise OutputError(
            f"{shown} has bytes in its path that are no text in this locale; allowed: text in UTF-8: rename it"
        ) from error


def check_outputs(run: PlannedRun) -> None:
    """Check that each file that a run makes can be written.

    Raises:
        OutputError: One cannot. The message names the file or folder, what it is, and what is allowed.
    """
    for name in sorted(run.pipeline.all_outputs()):
        dataset = run.catalog.get(name)
        if is_local_file(dataset):
            check_writable(path_of(dataset), name)


def check_writable(path: Path, name: str, elsewhere: str = "or name another folder as outputs in globals.yml") -> None:
    """Check that a file can be written or replaced, and the folders made that it still lacks.

    Args:
        path: Of the file.
        name: What is stored in it.
        elsewhere: What else can be done than to make it writable.

    Raises:
        OutputError: It cannot.
    """
    folder = nearest_folder(path.parent)
    try:
        if not folder.is_dir():
            found = "a file" if folder.exists() else "a link to nothing"
            raise OutputError(f"{folder} is {found}; allowed: a folder, for {name}: remove it, {elsewhere}")
        if not os.access(folder, os.W_OK | os.X_OK):
            read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
            found = "is on a read-only file system" if read_only else "is not writable for you"
            raise OutputError(f"{folder} {found}; allowed: a folder that {name} can be written to, {elsewhere}")
        if path.is_dir():
            raise OutputError(f"{path} is a folder; allowed: a file, or nothing there, for {name}: remove it")
        if path.exists() and not os.access(path, os.W_OK):
            raise OutputError(
                f"{path} is write-protected; allowed: a file that can be replaced, for {name}, {elsewhere}"
            )
    except PermissionError as error:
        raise OutputError(f"{path} cannot be looked at ({error.strerror}); allowed: a place for {name}") from error


def nearest_folder(folder: Path) -> Path:
    """The folder, or the nearest above it that exists: what is written in it needs that one's permission and space."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def check_space(outputs: Path, results: int, temporary: int) -> None:
    """Check that there is space for what a run makes.

    Args:
        outputs: The folder of results.
        results: Bytes that are needed there.
        temporary: Bytes that are needed in the folder of temporary files, for what is put together there.

    Raises:
        OutputError: There is not. The message names the folder, its free space and what is needed.
    """
    for folder, needed, what in (
        (nearest_folder(outputs), results, "models, checkpoints and reports"),
        (Path(tempfile.gettempdir()), temporary, "a checkpoint before it takes its place"),
    ):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise OutputError(
                f"{folder} has {free / MEGABYTE:,.1f} MB of free space; allowed: at least {needed / MEGABYTE:,.1f} MB, "
                f"for {what}"
            )
