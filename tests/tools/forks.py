"""Kedro commands in processes forked from one that has imported everything: each costs a fraction of a second.

Run as a program it is that process: it reads a request a line, and answers each in a line.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from kedro.framework.cli.cli import main
from kedro.framework.cli.utils import load_entry_points
from kedro.framework.startup import bootstrap_project

COMMAND_TIMEOUT = 120  # seconds
# None of them starts threads that forked processes would miss.
MODULES = (
    "alembic.script",
    "convnets.harness.commands",
    "convnets.networks",
    "convnets.pipeline_registry",
    "convnets.experiment",
    "convnets.harness.tracking.hooks",
    *(f"kedro_datasets.{kind}" for kind in ("json", "matplotlib", "pandas", "pillow", "tensorflow", "text")),
    "mlflow.keras",
    "mlflow.store.tracking.sqlalchemy_store",
    "tensorflow",
)
# Root may read and write anything. Without these capabilities permissions hold for it, too.
AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


class Ended(NamedTuple):
    """A command that has ended: its exit status, and what it wrote to its output and its standard error."""

    status: int
    output: str


class Forks:
    """Runs kedro commands in folders of projects, all with the code of one of them."""

    def __init__(self, project: Path) -> None:
        """Start the process that imports everything.

        Args:
            project: Whose code is run.
        """
        unprivileged = AS_ANYBODY if os.geteuid() == 0 and shutil.which(AS_ANYBODY[0]) else ()
        self.permissions_hold = os.geteuid() != 0 or bool(unprivileged)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        self._process = subprocess.Popen(  # noqa: S603 - this file
            [*unprivileged, sys.executable, __file__],
            cwd=project,
            env=environment | {"PYTHONPATH": str(project / "src"), "DO_NOT_TRACK": "true", "COLUMNS": "100"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kedro(
        self, project: Path, *arguments: str, may_train: bool = False, variables: dict[str, str] | None = None
    ) -> Ended:
        """Run a kedro command.

        Args:
            project: In which folder.
            arguments: Of `kedro`.
            may_train: Whether training is no fault.
            variables: Added to the environment.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request: dict[str, Any] = {"project": str(project), "arguments": arguments, "may_train": may_train}
        request["variables"] = variables or {}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, "The process has ended"
        return Ended(*json.loads(answer))

    def close(self) -> None:
        """End the process."""
        self._process.kill()  # it has nothing to finish
        self._process.communicate()


def serve() -> None:
    """Import everything, and answer requests."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with import_module("convnets.harness.quiet").silence():
        for module in MODULES:
            import_module(module)
    load_entry_points("project")
    bootstrap_project(Path.cwd())  # again in each process, but then what it looks up is known
    for line in sys.stdin:
        request = json.loads(line)
        output = Path(request["project"]).with_suffix(".output")
        child = os.fork()
        if child == 0:
            _become(request, output)
        status = _wait(child)
        print(json.dumps([status, output.read_text(errors="backslashreplace")]), file=answers, flush=True)


def _become(request: dict[str, Any], output: Path) -> NoReturn:
    """Run the command of a request, and end."""
    status = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.dup2(1, 2)
        os.chdir(request["project"])
        os.environ.update(request["variables"])
        if not request["may_train"]:
            _forbid_training()
        sys.argv = ["kedro", *request["arguments"]]
        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _forbid_training() -> None:
    def fit(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("A training was started")

    import_module("keras").Model.fit = fit


def _wait(child: int) -> int:
    deadline = time.monotonic() + COMMAND_TIMEOUT
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return 124


if __name__ == "__main__":
    serve()
