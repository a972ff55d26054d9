"""Answer over HTTP with a registered model: MLflow's own server, without the lines that it and TensorFlow print."""

import os
from contextlib import redirect_stdout
from pathlib import Path

import click

from convnets.harness.messages import TrackingError, unknown
from convnets.harness.quiet import silence
from convnets.harness.tracking.publishing import ALIAS
from convnets.harness.tracking.store import is_made, reachable, without_password


def serve(uri: str, name: str, host: str, port: int) -> None:
    """Serve the current version of a model until the process is ended: `/invocations`, as `mlflow models serve` does.

    Args:
        uri: Of the store.
        name: Of the registered model.
        host: Where it answers.
        port: Where it answers.

    Raises:
        TrackingError: There is no such model, or the store cannot be used.
    """
    with silence():
        import mlflow
        import uvicorn
        from mlflow.pyfunc import load_model, scoring_server
    with reachable(uri):
        mlflow.set_tracking_uri(uri)
        models = mlflow.MlflowClient(uri).search_registered_models() if is_made(uri) else []
    registered = [model.name for model in models]
    if not registered:
        raise TrackingError(f"The MLflow store at {without_password(uri)} has no model yet: run `kedro run`")
    if name not in registered:
        raise TrackingError(unknown("registered model", name, registered))
    with reachable(uri), silence():
        app = scoring_server.init(load_model(f"models:/{name}@{ALIAS}"))
    click.echo(f"{name} answers, until you press Ctrl-C: http://{host}:{port}/invocations")
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):  # Keras has a progress bar for each answer
        uvicorn.run(app, host=host, port=port, log_level="warning")
