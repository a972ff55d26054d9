"""Commands for those who work on the project: its pipelines, IPython with its data, and its wheel."""

import os
import subprocess
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.framework.cli.registry import list_registered_pipelines
from kedro.framework.cli.utils import env_option
from kedro.framework.project import pipelines, settings
from kedro.framework.session import KedroSession
from kedro.framework.startup import ProjectMetadata

from convnets.harness.exits import one_sentence
from convnets.harness.messages import OutputError, UserError, one_line, unknown
from convnets.harness.outputs import check_writable

DISTRIBUTION = "dist"
LOCAL = "local"  # configuration that is the user's alone
OFFERED = """\
IPython with the project. There are:
  catalog      catalog.keys() lists the data sets, catalog.load(name) loads one that a run has made
  pipelines    by name, as `kedro registry list` lists them
  session      session.run(pipeline_names=[name]) runs a pipeline, once
  context      context.params holds the parameters
  %reload_kedro --env test    makes them anew, here of another environment
  %load_node name             puts a node's code into a cell"""


def load_pipelines(
    env: str | None = None, conf_source: str | None = None, params: dict[str, Any] | None = None
) -> None:
    """Load the configuration, on which some pipelines depend."""
    KedroSession.create(env=env, conf_source=conf_source, runtime_params=params).load_context()


@click.group()
def registry() -> None:
    """Commands for working with registered pipelines."""


@registry.command("list")
@env_option
def list_pipelines(env: str | None) -> None:
    """List all pipelines: of the project, and those that the configuration names."""
    with one_sentence():
        load_pipelines(env)
        list_registered_pipelines.callback()  # type: ignore[misc]


@registry.command()
@click.argument("name", default="__default__")
@env_option
def describe(name: str, env: str | None) -> None:
    """List the nodes of a pipeline."""
    with one_sentence():
        pipelines.set_requested([name])
        load_pipelines(env)
        if name not in pipelines:
            raise UserError(unknown("pipeline", name, pipelines))
        click.echo(yaml.dump({"Nodes": [f"{node.name} ({node._func_name})" for node in pipelines[name].nodes]}))


@click.command(context_settings={"ignore_unknown_options": True})
@env_option
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def ipython(env: str | None, args: tuple[str, ...]) -> None:
    """Open IPython with the project's data sets and pipelines; ARGS are IPython's own."""
    with one_sentence():
        load_pipelines(env)  # IPython would show where a fault of the configuration was raised
        if find_spec("IPython") is None:
            raise UserError("IPython is not installed; expected with the extra dev of this project")
    click.echo(OFFERED)
    environment = os.environ | ({"KEDRO_ENV": env} if env else {})
    # Kedro would take the first IPython on the path, which may be of another Python.
    command = [sys.executable, "-m", "IPython", "--ext", "kedro.ipython", *args]
    sys.exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603 - IPython


@click.command()
@click.pass_obj
def package(metadata: ProjectMetadata) -> None:
    """Build the project's wheel, and pack its configuration, in dist/."""
    folder = metadata.project_path / DISTRIBUTION
    configuration = folder / f"conf-{metadata.package_name}.tar.gz"
    with one_sentence():
        check_writable(configuration, "the package", "or make it writable")
        # Kedro would have an isolated environment built, for which it asks a registry.
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        built = subprocess.run(  # noqa: S603 - pip
            [*build, "--disable-pip-version-check", "--wheel-dir", str(folder), "."],
            cwd=metadata.project_path,
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise OutputError(f"The wheel cannot be built: {one_line(built.stderr)[-500:]}")
        source = metadata.project_path / settings.CONF_SOURCE
        with tarfile.open(configuration, "w:gz") as archive:
            archive.add(source, source.name, filter=_is_shared)
    click.echo(f"In {folder}: the wheel, and {configuration.name}, its configuration")


def _is_shared(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if LOCAL in Path(member.name).parts[1:2] else member
