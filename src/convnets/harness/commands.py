"""The project's own commands: `kedro run`, with one sentence where the user can mend a fault, and `kedro mlflow`."""

import gc
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from copy import copy
from inspect import isabstract, isclass, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import env_option
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from kedro.runner import AbstractRunner, ParallelRunner
from kedro.utils import load_obj

from convnets.harness.configuration import require_measure
from convnets.harness.dask.settings import MAX_WORKERS
from convnets.harness.developing import ipython, load_pipelines, package, registry
from convnets.harness.exits import command_to_go_on, one_sentence, orderly_end
from convnets.harness.messages import UserError, one_line, shortened, unknown
from convnets.harness.outputs import check_project_folder
from convnets.harness.signals import SIGNALLED, end_on

if TYPE_CHECKING:
    from convnets.harness.tracking.settings import Tracking

RUNNER = "convnets.harness.runners.NamespaceByNamespaceRunner"
DASK_RUNNER = "convnets.harness.dask.runner.DaskRunner"
RUNNERS = ("SequentialRunner", "ThreadRunner", DASK_RUNNER)
ARGUMENTS = {"is_async": "true or false", "max_workers": f"a whole number from 1 to {MAX_WORKERS}"}  # of runners
HOW_TO_GIVE = {
    "params": "name=value, with a comma between two, and a list as 16+32",
    "runner_params": "name=value, with a comma between two",
    "config": "a YAML file with options of this command in that section",
}
FILTERS = ("node_names", "from_nodes", "to_nodes", "from_inputs", "to_outputs", "namespaces", "tags")
KERAS_BACKEND = "tensorflow"
LOOPBACK = "127.0.0.1"
# Of the MLflow server: its jobs, which serve language models, are not wanted; its dependencies warn of each other.
QUIET = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_LOGGING_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}


@click.group(name="kedro")  # as Kedro's own: it lists those of one group once
def cli() -> None:
    """In this project, `run` runs the pipelines, `mlflow` shows the runs, `serve` a network; README.md has examples."""


for command in (ipython, package, registry):
    cli.add_command(command)


def _in_one_sentence(option: click.Parameter) -> click.Parameter:
    """The same option, of which a value that cannot be read is refused in one sentence."""
    read = option.callback
    if read is None:
        return option

    def read_or_refuse(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        allowed = HOW_TO_GIVE.get(parameter.name or "", "names with a comma between two")
        try:
            if parameter.name == "config" and value:
                require_measure(Path(value))
            found = read(context, parameter, value)
        except click.UsageError as error:
            _explain_lists(parameter, str(value), error)
            raise
        except click.ClickException as error:  # Kedro's, which would show where it was raised
            raise click.BadParameter(one_line(error.message), context, parameter) from error
        except UserError as error:
            raise click.BadParameter(str(error), context, parameter) from error
        except (
            Exception
        ) as error:  # YAML's reader lets through what Python says: ValueError, KeyError, RecursionError ...
            reason = one_line(str(getattr(error, "problem", error)).split("\n")[0])
            if parameter.name == "config":
                reason = f"the file has no section {context.info_name}"
            raise click.BadParameter(
                f"{shortened(str(value))} cannot be read ({shortened(reason)}); allowed: {allowed}", context, parameter
            ) from error
        if isinstance(value, str) and value and (not found or _names_nothing(value, found)):
            raise click.BadParameter(f"{shortened(value)} names nothing; allowed: {allowed}", context, parameter)
        return found

    said = copy(option)
    said.callback = read_or_refuse
    return said


def _explain_lists(parameter: click.Parameter, value: str, error: click.UsageError) -> None:
    """Say how a list is written, where commas were put into one: Kedro takes each for the end of a parameter."""
    first, *items = value.split(",")
    if parameter.name != "params" or "=" not in first or all("=" in item for item in items):
        return
    meant = "".join(f",{item}" if "=" in item else f"+{item.strip(' ])')}" for item in items)
    meant = f"{first}{meant}".replace("=[", "=").replace("=(", "=")
    raise click.BadParameter(
        f"{shortened(value)} cannot be read: a comma ends a parameter; did you mean {shortened(meant)}? "
        f"allowed: {HOW_TO_GIVE['params']}",
        error.ctx,
        parameter,
    ) from error


def _names_nothing(value: str, found: Any) -> bool:
    """Whether Kedro would overlook what was given: a parameter of ???, or names after a bracket that stays open."""
    if isinstance(found, dict):
        return any(_names_nothing("", inner) if isinstance(inner, dict) else inner == "???" for inner in found.values())
    return isinstance(found, list) and value.count("[") != value.count("]")


@cli.command(params=[_in_one_sentence(option) for option in kedro_run.params])
def run(**options: Any) -> None:
    """Run the pipelines."""
    os.environ["MPLBACKEND"] = "agg"  # figures go to files: what a user's shell asks for may not be installed
    if options["pipeline"] and not options["pipelines"]:  # Kedro takes both and warns of the first
        options |= {"pipeline": None, "pipelines": [options["pipeline"]]}
    options["runner"] = options["runner"] or RUNNER
    if options["is_async"]:  # and of this, too
        options |= {"is_async": False, "runner_params": {"is_async": True} | options["runner_params"]}
    with one_sentence(), orderly_end():
        check_project_folder(Path.cwd())
        _require_known(options)
        gc.disable()  # until the first node: it would search, again and again, the million objects that imports make
        try:
            kedro_run.callback(**options)  # type: ignore[misc]
        except KeyboardInterrupt:
            click.echo(f"\nInterrupted. To go on from the last finished epoch: {command_to_go_on()}", err=True)
            sys.exit(SIGNALLED + signal.SIGINT)
        finally:
            gc.enable()


def _require_known(options: dict[str, Any]) -> None:
    """Refuse options that name what is not there: Kedro would do so in a traceback.

    Raises:
        UserError: The message has the nearest name and all that are allowed.
    """
    if (backend := os.environ.get("KERAS_BACKEND", KERAS_BACKEND)) != KERAS_BACKEND:
        raise UserError(f"The variable KERAS_BACKEND is {shortened(backend)!r}; allowed: {KERAS_BACKEND}, or none")
    _require_runner(options["runner"], options["runner_params"])
    if options["load_versions"]:
        raise UserError(
            f"--load-versions is {shortened(str(options['load_versions']))}; allowed: nothing, since no data set has "
            "versions: MLflow keeps what each run has made"
        )
    names = options["pipelines"]
    pipelines.set_requested(list(names) or None)
    if any(options[name] for name in FILTERS) or any(name not in pipelines for name in names):
        load_pipelines(options["env"], options["conf_source"], options["params"])
    for name in names:
        if name not in pipelines:
            raise UserError(unknown("pipeline", name, pipelines))
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
        pipeline.filter(
            tags=options["tags"] or None,
            from_nodes=options["from_nodes"] or None,
            to_nodes=options["to_nodes"] or None,
            node_names=options["node_names"] or None,
            from_inputs=options["from_inputs"] or None,
            to_outputs=options["to_outputs"] or None,
            node_namespaces=options["namespaces"] or None,
        )
    except ValueError as error:
        given = ", ".join(
            f"--{name.replace('_', '-').replace('node-names', 'nodes')}" for name in FILTERS if options[name]
        )
        reason = one_line(str(error)).split(". ")[0]
        raise UserError(
            f"{given}: {shortened(reason)}; allowed: names that leave one node or more, each given once"
        ) from error


def _require_runner(name: str, arguments: dict[str, Any]) -> None:
    """Refuse what is no runner, cannot run the project, or does not take these arguments.

    Raises:
        UserError: The message has what is allowed.
    """
    try:
        runner = load_obj(name, "kedro.runner")
    except Exception as error:  # whatever a module says that is imported
        raise UserError(unknown("runner", name, RUNNERS)) from error
    if not (isclass(runner) and issubclass(runner, AbstractRunner)) or isabstract(runner):
        raise UserError(unknown("runner", name, RUNNERS))
    if issubclass(runner, ParallelRunner):
        raise UserError(
            f"--runner is {name}, which forks a process whose TensorFlow has begun to run; allowed: ThreadRunner, or "
            "--config=conf/dask/run.yml, which gives each network a process of its own"
        )
    taken = signature(runner).parameters
    for argument, value in arguments.items():
        if argument not in taken:
            raise UserError(unknown(f"argument of {name} for --runner-params:", argument, set(taken) & set(ARGUMENTS)))
        if argument in ARGUMENTS and not _is_allowed(argument, value):
            raise UserError(f"--runner-params {argument} is {shortened(repr(value))}; allowed: {ARGUMENTS[argument]}")


def _is_allowed(argument: str, value: Any) -> bool:
    if argument == "is_async":
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_WORKERS


@cli.command()
@env_option
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="On this machine alone.")
def mlflow(env: str, port: int) -> None:
    """Show the runs in the MLflow UI."""
    from convnets.harness.tracking.experiments import charts_path  # noqa: PLC0415 - no other command's
    from convnets.harness.tracking.store import without_password  # noqa: PLC0415 - no other command's

    with one_sentence():
        uri, settings = _tracking(env)
        path = charts_path(uri, settings)
        if uri.startswith("http"):
            click.echo(f"The charts of your runs: {without_password(uri)}{path}")
            return
        _require_free(port, ", or make's PORT_MLFLOW")
    click.echo(f"The charts of your runs, until you press Ctrl-C: http://{LOOPBACK}:{port}{path}")
    server = [sys.executable, "-m", "mlflow", "ui", "--host", LOOPBACK, "--port", str(port)]
    store = {"MLFLOW_BACKEND_STORE_URI": uri}  # not on the command line, which all can read, as it may hold a password
    one_quiet_process = ["--workers", "1", "--uvicorn-opts", "--log-level warning"]
    end_on(signal.SIGTERM)
    # A group of its own: the server starts others, which would outlive it.
    served = subprocess.Popen([*server, *one_quiet_process], env=os.environ | store | QUIET, process_group=0)  # noqa: S603 - MLflow's own
    try:
        status = served.wait()
    except KeyboardInterrupt:
        status = 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(served.pid, signal.SIGTERM)
        served.wait()
    sys.exit(status)


@cli.command()
@click.argument("network")
@env_option
@click.option("--port", default=5001, show_default=True, type=click.IntRange(1, 65535), help="On this machine alone.")
def serve(network: str, env: str, port: int) -> None:
    """Let a registered network answer over HTTP."""
    from convnets.harness.tracking import serving  # noqa: PLC0415 - no other command's

    with one_sentence():
        uri, _ = _tracking(env)
        _require_free(port)
        os.environ.update(QUIET)
        serving.serve(uri, network, LOOPBACK, port)


def _tracking(env: str) -> "tuple[str, Tracking]":
    """Where runs are recorded, and what `tracking.yml` says."""
    from convnets.harness.tracking.settings import check_tracking_settings  # noqa: PLC0415 - not of each command
    from convnets.harness.tracking.store import tracking_uri  # noqa: PLC0415 - not of each command

    check_project_folder(Path.cwd())
    with KedroSession.create(env=env) as session:
        context = session.load_context()  # type: ignore[attr-defined]
        settings = check_tracking_settings(context.config_loader["tracking"])
        return tracking_uri(context.project_path, settings), settings


def _require_free(port: int, otherwise: str = "") -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UserError(
                f"Port {port} cannot be used ({error.strerror}): choose another with --port{otherwise}"
            ) from error
