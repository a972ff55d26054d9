"""The MLflow experiment of a project: opened before a run, and shown in the UI."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from convnets.harness.messages import TrackingError
from convnets.harness.tracking.settings import Tracking
from convnets.harness.tracking.store import cause_of, is_made, make_store, opening, reachable, without_password
from convnets.harness.tracking.view import charts_address, prepare_view

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

# A server that has gone away is given up after half a minute, one that never answers after two, not after many.
QUIET_AND_QUICK = {
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",  # seconds
}


def open_experiment(uri: str, project_path: Path, settings: Tracking) -> "tuple[MlflowClient, str]":
    """Reach the store, make what is not there yet, and choose the experiment.

    Args:
        uri: As of `tracking_uri`.
        project_path: Where artifacts of a local store go.
        settings: What `tracking.yml` says.

    Returns:
        A client of the store, and the identifier of the experiment.

    Raises:
        TrackingError: The store cannot be used, or the experiment is deleted.
    """
    for variable, value in QUIET_AND_QUICK.items():
        os.environ.setdefault(variable, value)
    if without_password(uri) != uri:  # which MLflow would print with the address of each run
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    import mlflow

    name = settings.experiment
    with opening(project_path, uri), reachable(uri):
        mlflow.set_tracking_uri(uri)
        make_store(uri)
        client = mlflow.MlflowClient(uri)
        experiment = client.get_experiment_by_name(name)
        if experiment is not None and experiment.lifecycle_stage == "deleted":
            raise TrackingError(
                f"The MLflow experiment {name!r} at {without_password(uri)} is deleted: restore it with "
                f"`mlflow experiments restore --experiment-id {experiment.experiment_id}`, or name another in "
                "conf's tracking.yml"
            )
        artifacts = None if uri.startswith("http") else (project_path / settings.artifacts).as_uri()
        experiment_id = experiment.experiment_id if experiment else _create_experiment(client, name, artifacts)
        mlflow.set_experiment(experiment_id=experiment_id)  # which alone decides where a model is logged
        _prepare_view(client, experiment or client.get_experiment(experiment_id), settings)
    return client, str(experiment_id)


def _create_experiment(client: "MlflowClient", name: str, artifacts: str | None) -> str:
    import mlflow
    from mlflow.exceptions import MlflowException

    tags = {"mlflow.experimentKind": "custom_model_development"}  # spares the UI's question what it is
    try:
        return client.create_experiment(name, artifacts, tags)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return str(mlflow.set_experiment(name).experiment_id)  # another project's run was quicker


def _prepare_view(client: "MlflowClient", experiment: "Experiment", settings: Tracking) -> None:
    """A run goes on without the view, where the store does not let it write that."""
    from mlflow.exceptions import MlflowException

    try:
        prepare_view(client, experiment, settings.charts)
    except MlflowException as error:
        click.echo(f"The charts that `kedro mlflow` opens could not be prepared ({cause_of(error)})", err=True)


def charts_path(uri: str, settings: Tracking) -> str:
    """Where an MLflow server shows the charts of the experiment, below its own address.

    Args:
        uri: Of the store.
        settings: What `tracking.yml` says.

    Raises:
        TrackingError: Nothing was recorded yet, or the store cannot be used.
    """
    import mlflow

    with reachable(uri):
        experiment = mlflow.MlflowClient(uri).get_experiment_by_name(settings.experiment) if is_made(uri) else None
    if experiment is None:
        raise TrackingError(
            f"The MLflow store at {without_password(uri)} has no experiment {settings.experiment!r} yet: "
            "run `kedro run`"
        )
    return charts_address(experiment)
