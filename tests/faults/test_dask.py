"""What goes wrong with Dask in the middle of a study, or before it."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from subprocess import Popen

import psutil
import pytest

from convnets.experiment import EXPERIMENT
from convnets.harness.catalog import RunRequest
from convnets.harness.dask.runner import ANSWER_SECONDS, require_scheduler
from convnets.harness.dask.task import run_nodes
from convnets.harness.messages import ScalingError
from convnets.harness.processes.environment import describe_environment
from convnets.harness.processes.process import TaskError
from dask_processes import HERE, running, runs_if_any, runs_of, tasks_of
from support import RUN_TIMEOUT, Project, free_port, wait_until

pytestmark = pytest.mark.slow

STUDY = ("run", "--env", "test", "--pipeline=seeds", "--config=conf/dask/run.yml")
ONE = "seeds-fcn-1"
SECONDS_TO_GIVE_UP = 60  # a worker of Dask waits half a minute for what it has begun


@pytest.fixture
def scheduler(project: Project) -> Iterator[tuple[str, "Popen[bytes]"]]:
    """A scheduler's address, and its process."""
    port = free_port()
    with running("dask", "scheduler", "--port", str(port), *HERE, folder=project.path) as process:
        yield f"tcp://127.0.0.1:{port}", process


def a_worker(project: Project, address: str, *options: str) -> ExitStack:
    """A worker, for as long as it is wanted."""
    stack = ExitStack()
    command = ("dask", "worker", address, "--nthreads", "1", *HERE, *options)
    stack.enter_context(running(*command, folder=project.path))
    return stack


def is_at_work(project: Project, name: str) -> bool:
    return (name, "RUNNING") in {(run.info.run_name, run.info.status) for run in runs_if_any(project.store)}


def test_a_scheduler_that_is_killed_ends_the_study_in_one_sentence(
    project: Project, scheduler: tuple[str, "Popen[bytes]"]
) -> None:
    address, process = scheduler
    study = (*STUDY, "--namespaces", ONE)
    parameters = f"dask.scheduler={address},fcn.training.epochs=300"
    with a_worker(project, address):
        run = project.start(*study, "--params", parameters)
        wait_until(lambda: is_at_work(project, ONE), RUN_TIMEOUT)
        tasks = list(tasks_of(project).values())
        process.kill()
        output, _ = run.communicate(timeout=SECONDS_TO_GIVE_UP)
        assert run.returncode == 1
        assert "Traceback" not in output
        (said,) = [line for line in output.splitlines() if line.startswith("Error: ")]
        assert said.startswith(
            "Error: The Dask scheduler has gone away, with 0 of 1 tasks done: start it again, and its workers. To run "
            "what is missing: kedro run "
        )
        _, alive = psutil.wait_procs(tasks, timeout=SECONDS_TO_GIVE_UP)
        assert not alive
    assert {run.info.status for run in runs_of(project.store)} <= {"FAILED", "KILLED"}

    project.kedro(*study, "--params", "dask.workers=1,fcn.training.epochs=300", "--only-missing-outputs")
    (status,) = [run.info.status for run in runs_of(project.store) if "resumed.after_epoch" in run.data.tags]
    assert status == "FINISHED"


def test_a_task_that_is_stopped_is_killed_and_tried_again(project: Project) -> None:
    run = project.start(*STUDY, "--namespaces", ONE, "--params", "dask.workers=1,dask.silence_seconds=20")
    wait_until(lambda: is_at_work(project, ONE), RUN_TIMEOUT)
    tasks_of(project)[ONE].suspend()
    output, _ = run.communicate(timeout=RUN_TIMEOUT)
    assert run.returncode == 0, output
    assert sorted(run.info.status for run in runs_of(project.store)) == ["FINISHED", "KILLED"]


def test_a_worker_with_other_code_is_refused_before_anything_is_trained(
    project: Project, scheduler: tuple[str, "Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = scheduler
    other = project.path / "other"
    shutil.copytree(project.path / "src", other)
    with (other / "convnets" / "networks.py").open("a") as module:
        module.write("\n")
    monkeypatch.setenv("PYTHONPATH", str(other))
    with a_worker(project, address):
        monkeypatch.setenv("PYTHONPATH", str(project.path / "src"))
        with a_worker(project, address):
            wait_until(lambda: (project.path / "dask.log").read_text().count("Registered to:") == 2, RUN_TIMEOUT)
            output = project.kedro(*STUDY, "--params", f"dask.scheduler={address}", status=1)
    (said,) = [line for line in output.splitlines() if line.startswith("Error: ")]
    assert said.count("on worker tcp://127.0.0.1:") == 1
    assert "code of convnets is " in said
    assert "Traceback" not in output
    assert not list((project.path / "data/test").rglob("*.keras"))


def test_a_worker_that_joins_later_with_other_versions_fails_its_tasks(project: Project) -> None:
    packages = list(EXPERIMENT.packages)
    asked = RunRequest(
        command=[],
        run_id="now",
        project_path=str(project.path),
        conf_source="conf",
        env=None,
        runtime_params={},
        pipeline_names=None,
        only_missing=False,
        tracking_uri=None,
        package=EXPERIMENT.package,
        packages=packages,
        namespaces=[],
        environment=describe_environment(EXPERIMENT.package, packages) | {"keras": "2"},
    )
    with pytest.raises(TaskError, match=rf"on worker {socket.gethostname()} keras is [\d.]+ and not 2; allowed"):
        run_nodes(asked, silence_seconds=60)


class Web(BaseHTTPRequestHandler):
    """A web server that says nothing of what it is asked."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def a_server(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """The port of a server that answers each connection so."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with ExitStack() as connections:
                while True:
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    connections.enter_context(connection)
                    answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def a_web_server() -> Iterator[int]:
    """Its port."""
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (lambda: a_server(lambda _: None), "no answer within 10 s"),
        (lambda: a_server(lambda one: one.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")), "what answers is not Dask"),
        (lambda: a_server(lambda one: one.close()), ""),
        (a_web_server, "no answer within 10 s"),
    ],
    ids=["silent", "another protocol", "hangs up", "web"],
)
def test_a_port_where_no_scheduler_answers_is_refused_in_time(
    server: Callable[[], AbstractContextManager[int]], reason: str
) -> None:
    began = time.monotonic()
    with server() as port, pytest.raises(ScalingError) as raised:
        require_scheduler(f"tcp://127.0.0.1:{port}")
    assert str(raised.value).startswith(f"No Dask scheduler answers at tcp://127.0.0.1:{port} ({reason}")
    assert time.monotonic() - began < ANSWER_SECONDS + 5


def test_a_worker_is_no_scheduler(project: Project, scheduler: tuple[str, "Popen[bytes]"]) -> None:
    address, _ = scheduler
    port = free_port()
    with a_worker(project, address, "--no-nanny", "--worker-port", str(port)):
        wait_until(lambda: "Registered to:" in (project.path / "dask.log").read_text(), RUN_TIMEOUT)
        with pytest.raises(ScalingError, match=r"\(a Worker does\)"):
            require_scheduler(f"tcp://127.0.0.1:{port}")
