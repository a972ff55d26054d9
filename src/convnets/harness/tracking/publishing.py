"""What becomes of a run that has finished: its description, the registered model, and its place in the view."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from convnets.harness.tracking.namespace_run import NamespaceRun
from convnets.harness.tracking.store import cause_of
from convnets.harness.tracking.view import LATEST

if TYPE_CHECKING:
    from mlflow import MlflowClient

ALIAS = "current"  # of the newest version; MLflow keeps the name `latest` for itself
NOTE = "mlflow.note.content"  # the tag that the UI shows as a description
ARTIFACT = "(artifact:"  # how a description refers to a file of its run
EXISTS = "RESOURCE_ALREADY_EXISTS"


def publish(client: "MlflowClient", experiment_id: str, run: NamespaceRun, pattern: str | None) -> None:
    """Describe a finished run, register its model, and let it take the place of earlier ones in the view.

    Args:
        client: Of the store.
        experiment_id: Of the experiment of the run.
        run: Finished.
        pattern: Of the name of the registered model; `None`: none is registered.
    """
    description = run.description
    if description.result and run.metrics:
        result = description.result(run.metrics)
        address = f"(get-artifact?run_uuid={run.run_id}&path="
        client.set_tag(str(run.run_id), NOTE, result.replace(ARTIFACT, address))
    if not description.model_use or not run.model_id:
        return
    of_the_same_name = f"tags.{LATEST} = 'true' AND attributes.run_name = '{run.name}'"
    for earlier in client.search_runs([experiment_id], of_the_same_name):
        if earlier.info.status != "RUNNING" and (earlier.info.start_time, earlier.info.run_id) < (
            run.started,
            run.run_id,
        ):
            client.delete_tag(earlier.info.run_id, LATEST)
    if pattern:
        _register(client, run, pattern.replace("{namespace}", run.name), description.model_use)


def _register(client: "MlflowClient", run: NamespaceRun, name: str, use: str) -> None:
    """Make the model the current version of a registered one; a store that does not let us is no reason to fail."""
    from mlflow.exceptions import MlflowException

    call = how_to_call(name, use, run.model_shape)
    try:
        client.set_logged_model_tags(str(run.model_id), {NOTE: call})
        try:
            client.create_registered_model(name, description=call)
        except MlflowException as error:
            if error.error_code != EXISTS:
                raise
        source = f"models:/{run.model_id}"
        version = client.create_model_version(name, source, run.run_id, await_creation_for=0, model_id=run.model_id)
        client.set_registered_model_alias(name, ALIAS, version.version)
    except MlflowException as error:
        click.echo(
            f"{run.name} is not registered in MLflow as {name} ({cause_of(error)}): its run and its model are recorded",
            err=True,
        )


def how_to_call(name: str, use: str, shape: Sequence[int]) -> str:
    """A few lines of Markdown for the page of a model.

    Args:
        name: Of the registered model.
        use: What it takes and gives.
        shape: Of an input.
    """
    uri = f"models:/{name}@{ALIAS}"
    sizes = ", ".join(map(str, shape))
    return (
        f"{use}\n\n"
        f"In Python, with `inputs` a float32 array of shape (n, {sizes}):\n\n"
        f'    mlflow.pyfunc.load_model("{uri}").predict(inputs)\n\n'
        f'Over HTTP, with `inputs.json` as `{{"inputs": [...]}}`:\n\n'
        f"    kedro serve {name}\n"
        "    curl http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' -d @inputs.json\n"
    )
