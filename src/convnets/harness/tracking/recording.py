"""What MLflow is given: the entities of its API, made of what Kedro and the catalog know."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.harness.circumstances import git_commit

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Metric
    from pandas import DataFrame

MAX_DIGEST_CHARS = 36  # of a data set, in MLflow


def dataset_input(name: str, data: np.ndarray, context: str, path: str, sha256: str) -> "DatasetInput":
    """Describe the data that a run is given.

    Args:
        name: In the catalog.
        data: Of any shape and dtype.
        context: What it is for: `training` or `test`.
        path: Of its file, as it shall be shown.
        sha256: Of the file.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tensor = {"type": "tensor", "tensor-spec": {"dtype": str(data.dtype), "shape": list(data.shape)}}
    return DatasetInput(
        Dataset(
            name=name,
            digest=sha256[:MAX_DIGEST_CHARS],
            source_type="local",
            source=json.dumps({"uri": path, "sha256": sha256}),
            schema=json.dumps({"mlflow_tensorspec": {"features": json.dumps([tensor]), "targets": None}}),
            profile=json.dumps({"features_shape": data.shape, "features_nbytes": data.nbytes}),
        ),
        tags=[InputTag("mlflow.data.context", context)],
    )


def tags_of(run_params: Mapping[str, Any], project_path: Path, inputs: "Iterable[DatasetInput]") -> dict[str, str]:
    """What all runs of a command have in common.

    Args:
        run_params: Of the command, as Kedro gives them to hooks.
        project_path: Where git may know a commit.
        inputs: The data that runs are given.
    """
    tags = {
        "kedro.run": run_params["run_id"],
        "kedro.env": run_params["env"] or "base",
        "kedro.pipelines": ",".join(run_params["pipeline_names"] or ["__default__"]),
        "mlflow.source.name": "kedro run",
        "mlflow.source.type": "LOCAL",
    }
    if commit := git_commit(project_path):
        tags["mlflow.source.git.commit"] = commit
    return tags | {f"sha256.{item.dataset.name}": json.loads(item.dataset.source)["sha256"] for item in inputs}


def metrics_of(
    run_id: str, values: Mapping[str, float | None], step: int = 0, model_id: str | None = None
) -> "list[Metric]":
    """The numbers among values, as metrics of a run, and of a model if it is given."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    return [
        Metric(name, float(value), now, step, model_id=model_id, run_id=run_id)
        for name, value in values.items()
        if value is not None
    ]


def metrics_of_table(table: "DataFrame", declared: Mapping[str, Any]) -> dict[str, float]:
    """Numbers of a table, each by its column and its row: `wrong_images/cnn`, `p_value/fcn-cnn`.

    Args:
        table: In any order of rows.
        declared: `rows`, the columns that name a row, and `columns`, those whose numbers are recorded.
    """
    names = table[declared["rows"]].agg("-".join, axis=1)
    return {
        f"{column}/{name}": float(value)
        for column in declared["columns"]
        for name, value in zip(names, table[column], strict=True)
    }


def log_keras_model(client: "MlflowClient", run_id: str, model: Any, packages: Sequence[str]) -> str:
    """Log a Keras model with its signature.

    Args:
        client: Of the store.
        run_id: Which the model is of, and whose name it bears.
        model: Built.
        packages: What is needed to load it, in the versions that are installed here.

    Returns:
        The identifier of the LoggedModel.
    """
    import mlflow.keras
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    def schema(shape: tuple[int, ...]) -> Schema:
        return Schema([TensorSpec(np.dtype(np.float32), (-1, *shape[1:]))])

    class PortableModel(Model):
        """Says nothing of this machine in the file `MLmodel`, which goes wherever the model goes."""

        def __init__(self, artifact_path: str | None = None, **about: Any) -> None:  # noqa: ARG002
            """Leave out the address in the store, which MLflow gives as the path."""
            super().__init__(**about)

    # Left to MLflow, it would bear the user's name, the path of the command, and the address of the git remote,
    # which may hold a password.
    run = client.get_run(run_id)
    name = str(run.info.run_name)
    created = client.create_logged_model(run.info.experiment_id, name, source_run_id=run_id, params=run.data.params)
    logged = PortableModel.log(
        None,
        mlflow.keras,
        run_id=run_id,
        model_id=created.model_id,
        name=name,
        model=model,
        signature=ModelSignature(schema(model.input_shape), schema(model.output_shape)),
        pip_requirements=[f"{package}=={version(package)}" for package in packages],
    )
    return str(logged.model_id)
