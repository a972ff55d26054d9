"""The project's own commands: `kedro run`, with one sentence where the user can mend a fault, and `kedro mlflow`."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import env_option
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.io import DatasetError
from kedro.pipeline import Pipeline
from kedro.utils import load_obj
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from convnets.errors import UserError, one_line, unknown
from convnets.hooks.claims import command_to_go_on
from convnets.hooks.whole_files import final_path
from convnets.outputs import check_project_folder

RUNNER = "convnets.runner.NetworkByNetworkRunner"
DASK_RUNNER = "convnets.scaling.runner.DaskRunner"
# How Kedro's own data sets say that they cannot read or write a file.
FAILED = re.compile(
    r"Failed while (?P<done>loading|saving) .*?filepath=(PurePosixPath\()?'?(?P<path>[^,')]+)", re.DOTALL
)
FILTERS = ("node_names", "from_nodes", "to_nodes", "from_inputs", "to_outputs", "namespaces", "tags")
LOOPBACK = "127.0.0.1"
# Of the MLflow server: its jobs, which serve language models, are not wanted; its dependencies warn of each other.
QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_LOGGING_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}


@click.group(name="convnets")
def cli() -> None:
    """Commands of the project, which take the place of Kedro's of the same name."""


class _Command(click.Command):
    """A command whose options, too, are refused in one sentence."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        given = " ".join(arguments)
        try:
            return super().parse_args(context, arguments)
        except (YAMLError, OmegaConfBaseException) as error:
            raise click.UsageError(
                f"{given} cannot be read ({one_line(str(getattr(error, 'problem', error)))}); allowed after "
                "--params: name=value, with a comma between two, and a list as 16+32",
                context,
            ) from error
        except (KeyError, TypeError) as error:  # of the file that --config names
            raise click.UsageError(
                f"{given}: the file has no section {context.info_name}; allowed for --config: a YAML file with options "
                "of this command in that section",
                context,
            ) from error


@cli.command(cls=_Command, params=kedro_run.params)
def run(**options: Any) -> None:
    """Run the pipelines."""
    if options["pipeline"] and not options["pipelines"]:  # Kedro takes both and warns of the first
        options |= {"pipeline": None, "pipelines": [options["pipeline"]]}
    options["runner"] = options["runner"] or RUNNER
    with one_sentence(), orderly_end():
        check_project_folder(Path.cwd())
        _require_known(options)
        try:
            kedro_run.callback(**options)  # type: ignore[misc]
        except KeyboardInterrupt:
            click.echo(f"\nInterrupted. To go on from the last finished epoch: {command_to_go_on()}", err=True)
            sys.exit(128 + signal.SIGINT)


def _require_known(options: dict[str, Any]) -> None:
    """Refuse options that name what is not there: Kedro would do so in a traceback.

    Raises:
        UserError: The message has the nearest name and all that are allowed.
    """
    for name in options["pipelines"]:
        if name not in pipelines:
            raise UserError(unknown("pipeline", name, pipelines))
    if any(options[name] for name in FILTERS):  # a study's pipeline depends on the parameters
        KedroSession.create(
            env=options["env"], conf_source=options["conf_source"], runtime_params=options["params"]
        ).load_context()
    pipeline = sum((pipelines[name] for name in options["pipelines"] or ["__default__"]), Pipeline([]))
    tags = {tag for node in pipeline.nodes for tag in node.tags}
    namespaces = {node.namespace for node in pipeline.nodes if node.namespace}
    for option, kind, known in (
        ("node_names", "node", {node.name for node in pipeline.nodes}),
        ("from_nodes", "node", {node.name for node in pipeline.nodes}),
        ("to_nodes", "node", {node.name for node in pipeline.nodes}),
        ("from_inputs", "data set", pipeline.datasets()),
        ("to_outputs", "data set", pipeline.datasets()),
        ("namespaces", "namespace", namespaces | {name.split(".")[0] for name in namespaces}),
        ("tags", "tag", tags),
    ):
        for name in options[option]:
            if name not in known:
                raise UserError(unknown(kind, name, known))
    try:
        load_obj(options["runner"], "kedro.runner")
    except (AttributeError, ImportError, ValueError) as error:
        raise UserError(
            unknown("runner", options["runner"], ("SequentialRunner", "ThreadRunner", DASK_RUNNER))
        ) from error


@cli.command()
@env_option
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="On this machine alone.")
def mlflow(env: str, port: int) -> None:
    """Show the runs in the MLflow UI."""
    from convnets.hooks.store import charts_path, tracking_uri, without_password  # noqa: PLC0415 - no other command's

    with one_sentence():
        check_project_folder(Path.cwd())
    with one_sentence(), KedroSession.create(env=env) as session:
        context = session.load_context()  # type: ignore[attr-defined]
        settings = context.config_loader["tracking"]
        uri = tracking_uri(context.project_path, settings)
        path = charts_path(uri, settings)
        if uri.startswith("http"):
            click.echo(f"The charts of your runs: {without_password(uri)}{path}")
            return
        _require_free(port)
    click.echo(f"The charts of your runs, until you press Ctrl-C: http://{LOOPBACK}:{port}{path}")
    server = [sys.executable, "-m", "mlflow", "ui", "--host", LOOPBACK, "--port", str(port)]
    store = {"MLFLOW_BACKEND_STORE_URI": uri}  # not on the command line, which all can read, as it may hold a password
    one_quiet_process = ["--workers", "1", "--uvicorn-opts", "--log-level warning"]
    with suppress(KeyboardInterrupt):
        served = subprocess.run([*server, *one_quiet_process], env=os.environ | store | QUIET, check=False)  # noqa: S603 - MLflow's own
        sys.exit(served.returncode)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UserError(f"Port {port} cannot be used ({error.strerror}): choose another with --port") from error


@contextmanager
def one_sentence() -> Iterator[None]:
    """Say in one sentence, and not in a traceback, what the user can mend."""
    try:
        yield
    except UserError as error:
        notes = [f"({note})" for note in getattr(error, "__notes__", [])]
        sentences = [one_line(line) for line in str(error).split("\n")]
        raise click.ClickException(" ".join(["\n".join(sentences), *notes])) from error
    except (DatasetError, OSError, MissingConfigException, YAMLError, OmegaConfBaseException) as error:
        raise click.ClickException(_sentence(error)) from error
    except Exception as error:
        if not (sentence := out_of_memory(error)):
            raise
        raise click.ClickException(sentence) from error


def out_of_memory(error: BaseException) -> str | None:
    """A sentence on what Python, NumPy or TensorFlow raise where they get no more memory; `None` of other errors."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # which is TensorFlow's
        found = f" ({cause})" if (cause := one_line(str(error).partition("\n")[0])) else ""
        return (
            f"There is not enough memory{found}: end other programs, or choose smaller batches, smaller layers or "
            "fewer images; what was finished is kept"
        )
    return out_of_memory(error.__cause__) if error.__cause__ else None


@contextmanager
def orderly_end() -> Iterator[None]:
    """Close runs first when the process is asked to end, its terminal is closed, or nobody reads what it says."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, end)
    try:
        yield
    except (BrokenPipeError, SystemExit) as error:  # Rich makes the second of the first
        if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):  # Python would complain when it flushes them
            os.dup2(nowhere, stream)
        sys.exit(128 + signal.SIGPIPE)


def _sentence(error: Exception) -> str:
    """What others say in several lines, or without the name of the file."""
    if sentence := out_of_memory(error):
        return sentence
    if isinstance(error, DatasetError) and (failed := FAILED.search(str(error))):
        cause: BaseException = error
        while cause.__cause__:
            cause = cause.__cause__
        done = "read" if failed["done"] == "loading" else "written"
        found = getattr(cause, "strerror", None) or one_line(str(cause))
        if getattr(cause, "errno", None) == errno.ENOSPC:
            found += f", there or in {tempfile.gettempdir()}, where models are put together"
        return f"{final_path(failed['path'])} cannot be {done}: {found}"
    if isinstance(error, OSError) and error.filename:
        return f"{final_path(str(error.filename))} cannot be used: {error.strerror}"
    if isinstance(error, OmegaConfBaseException):
        return (
            f"The configuration refers to what is not there: {one_line(str(error))}; allowed: what globals.yml defines"
        )
    return one_line(str(error))


def end(signal_number: int, _frame: Any) -> None:
    """Let a process that is asked to end close its runs first."""
    sys.exit(128 + signal_number)
