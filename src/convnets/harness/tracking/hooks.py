"""Records in MLflow what the catalog's `metadata.mlflow` declares: one flat run for each network, and the comparison's.

A run is opened by the first node of its namespace, and closed when the last output
of the namespace is saved.
"""

import atexit
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from inspect import isgeneratorfunction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from convnets.figures import INK, network_colour
from convnets.harness.checks import stored_path
from convnets.harness.locks import NamespaceLocks, command_to_go_on, run_name
from convnets.harness.messages import TrackingError
from convnets.harness.tracking.store import cause_of, make_store, opening, reachable, tracking_uri, without_password
from convnets.precision import choose_policy

if TYPE_CHECKING:
    from mlflow import MlflowClient

VERSIONS = ("convnets", "kedro", "keras", "mlflow", "numpy", "tensorflow")
MODEL_REQUIREMENTS = ("keras", "numpy", "tensorflow")
LONGEST_DIGEST = 36  # of a data set, in MLflow
CLAIM = "convnets.claim"  # the tag by which a later process finds the run of one that was killed
# A server that has gone away is given up after half a minute, one that never answers after two, not after many.
QUIET_AND_QUICK = {
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",  # seconds
}


class TrackingHooks:
    """Opens, fills and closes MLflow runs as Kedro runs nodes and saves data sets."""

    def __init__(
        self, project_path: Path, settings: dict[str, str], parameters: dict[str, Any], claims: NamespaceLocks
    ) -> None:
        """Open and import nothing until a pipeline runs.

        Args:
            project_path: Where a local store is.
            settings: `uri`, `artifacts` and `experiment`, as in `conf/base/tracking.yml`.
            parameters: Nested, as in `parameters.yml`, with a block for each training of a study.
            claims: The namespaces that this process works on.
        """
        self._claims = claims
        self._project_path = project_path
        self._settings = settings
        self._parameters = parameters
        self._lock = threading.RLock()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Reach the store, before anything is trained, if some node of the pipeline is recorded."""
        self._catalog = catalog
        self._pipeline = pipeline
        self._run_params = run_params
        self._run_ids: dict[str, str] = {}
        self._model_ids: dict[str, str] = {}
        self._inputs: dict[str, Any] = {}
        self._epochs: dict[str, int] = {}
        self._unsaved: dict[str | None, set[str]] = {}
        for node in pipeline.nodes:
            self._unsaved.setdefault(run_name(node), set()).update(node.outputs)
        self._failed: set[str] = set()
        self._at_work: dict[int, str | None] = {}
        self._unrecorded: set[str] = set()
        self._lost: Exception | None = None
        self._incomplete: set[str] = set()
        if any(node.namespace for node in pipeline.nodes):
            self._uri = tracking_uri(self._project_path, self._settings)
            with opening(self._project_path, self._uri):
                self._open_store()
            self._close_dead_runs()

    def _open_store(self) -> None:
        for variable, value in QUIET_AND_QUICK.items():
            os.environ.setdefault(variable, value)
        if without_password(self._uri) != self._uri:  # which MLflow would print with the address of each run
            os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        import mlflow

        mlflow.set_tracking_uri(self._uri)
        name = self._settings["experiment"]
        with reachable(self._uri):
            make_store(self._uri)
            self._client: MlflowClient = mlflow.MlflowClient(self._uri)
            experiment = self._client.get_experiment_by_name(name)
            if experiment is None:
                self._experiment_id = self._create_experiment(name, self._uri)
            elif experiment.lifecycle_stage == "deleted":
                raise TrackingError(
                    f"The MLflow experiment {name!r} at {without_password(self._uri)} is deleted: restore it with "
                    f"`mlflow experiments restore --experiment-id {experiment.experiment_id}`, or name another in "
                    "conf's tracking.yml"
                )
            else:
                self._experiment_id = experiment.experiment_id
            mlflow.set_experiment(experiment_id=self._experiment_id)  # which alone decides where a model is logged
        atexit.register(self._close_runs, "KILLED")

    def _close_dead_runs(self) -> None:
        for namespace, claim in list(self._claims.unfinished_runs(self._uri)):
            self._close_dead_run(claim)
            if self._run_params["only_missing_outputs"] and namespace in self._unsaved:
                self._unrecorded.add(namespace)

    def _close_dead_run(self, claim: str, but: str | None = None) -> None:
        for run in self._client.search_runs([self._experiment_id], f"tags.`{CLAIM}` = '{claim}'"):
            if run.info.status == "RUNNING" and run.info.run_id != but:
                self._client.set_terminated(run.info.run_id, "KILLED")

    def _create_experiment(self, name: str, uri: str) -> str:
        import mlflow
        from mlflow.exceptions import MlflowException

        artifacts = None if uri.startswith("http") else (self._project_path / self._settings["artifacts"]).as_uri()
        tags = {"mlflow.experimentKind": "custom_model_development"}  # spares the UI's question what it is
        try:
            return self._client.create_experiment(name, artifacts, tags)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            return str(mlflow.set_experiment(name).experiment_id)  # another project's run was quicker

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Note the data that runs are given."""
        if self._declared(dataset_name).get("log") == "input":
            self._note_input(dataset_name, data)

    def _note_input(self, name: str, data: np.ndarray) -> None:
        self._inputs[name] = self._dataset_input(name, data, self._declared(name)["context"])

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Open the run of the node's namespace, and say so where it goes on with a training."""
        with self._lock:
            name = run_name(node)
            self._at_work[threading.get_ident()] = name
            if name and name not in self._run_ids:
                if self._lost:
                    self._claims.note_run(name, self._uri)
                self._attempt(self._open_run, name)
            if name and (checkpoint := inputs.get(f"{name}.last_checkpoint")):
                self._attempt(self._say_resumed, name, len(checkpoint.log))

    def _say_resumed(self, name: str, epochs: int) -> None:
        self._client.set_tag(self._run_ids[name], "resumed.after_epoch", epochs)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Record what is declared of the data set. A node that yields saves, and so is recorded, at every step."""
        name = run_name(node)
        if not name:
            return
        self._attempt(self._record, name, dataset_name, data)
        self._unsaved[name].discard(dataset_name)
        if not self._unsaved[name] and not isgeneratorfunction(node.func):  # which may save again
            self._close_runs("FINISHED", [name])

    def _record(self, name: str, dataset_name: str, data: Any) -> None:
        run_id = self._run_ids[name]
        match self._declared(dataset_name).get("log"):
            case "epochs":
                for row in data.iloc[self._epochs.get(run_id, 0) :].to_dict("records"):
                    self._epochs[run_id] = int(row.pop("epoch"))
                    self._log_metrics(run_id, row, step=self._epochs[run_id])
            case "metrics":
                self._log_metrics(run_id, data, model_id=self._model_ids.get(name))
            case "model":
                self._model_ids[name] = self._log_model(run_id, name, data)
            case "artifact":
                self._client.log_artifact(run_id, stored_path(self._catalog, dataset_name))

    def _attempt(self, record: Callable[..., None], *arguments: Any) -> None:
        """Let the pipeline go on when the store fails: what is not recorded now can be recorded from the results."""
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        if not self._lost:
            try:
                record(*arguments)
            except (MlflowException, SQLAlchemyError, OSError) as error:
                self._lost = error
        if self._lost:
            self._incomplete |= {name for name in self._at_work.values() if name}

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Note which run has failed."""
        if name := run_name(node):
            self._failed.add(name)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Close the run that failed as FAILED, the others, which it cut short, as KILLED."""
        # A node that yields fails after Kedro took it for done: then it is the last that its thread began.
        failed = self._failed or {namespace for namespace in self._at_work.values() if namespace}
        self._close_runs("FAILED", failed)
        self._close_runs("KILLED")
        self._close_runs_of_others()
        atexit.unregister(self._close_runs)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Record what earlier runs could not, and close the runs of namespaces of which only some nodes were run.

        Raises:
            TrackingError: The store failed on the way; results are whole.
        """
        if self._unrecorded:  # and not recorded by another process since
            self._unrecorded &= {namespace for namespace, _ in self._claims.unfinished_runs(self._uri)}
        for namespace in sorted(self._unrecorded):
            self._attempt(self._open_run, namespace)
        self._close_runs("FINISHED")
        self._close_runs_of_others()
        atexit.unregister(self._close_runs)
        if self._lost:
            raise TrackingError(
                f"The MLflow store at {without_password(self._uri)} failed on the way ({cause_of(self._lost)}): the "
                f"results are whole and in their files, but not all of {', '.join(sorted(self._incomplete))} is in "
                "MLflow; when it can be used again, "
                f"`{command_to_go_on()}` records them"
            )

    def _close_runs_of_others(self) -> None:
        """Close what processes that this run has started, and that were killed, have left open."""
        if self._unsaved.keys() - {None}:
            self._attempt(self._close_dead_runs)

    def _close_runs(self, status: str, namespaces: Iterable[str] | None = None) -> None:
        with self._lock:
            for namespace in list(self._run_ids if namespaces is None else namespaces):
                if run_id := self._run_ids.pop(namespace, None):
                    self._attempt(self._client.set_terminated, run_id, status)
                    if not self._lost:
                        self._claims.forget_run(namespace, self._uri)

    def _declared(self, dataset_name: str) -> dict[str, str]:
        metadata = getattr(self._catalog[dataset_name], "metadata", None) if dataset_name in self._catalog else None
        declared: dict[str, str] = (metadata or {}).get("mlflow", {})
        return declared

    def _open_run(self, namespace: str) -> None:
        from mlflow.entities import Param, RunTag

        claim = self._claims.note_run(namespace, self._uri)
        tags = self._tags(namespace) | {CLAIM: claim}
        run_id: str = self._client.create_run(self._experiment_id, run_name=namespace, tags=tags).info.run_id
        self._run_ids[namespace] = run_id
        if self._uri.startswith("http"):  # where MLflow asks again for a run if the answer is lost
            self._close_dead_run(claim, but=run_id)
        block = self._parameters.get(namespace, {})
        nested = {"dataset": self._parameters["dataset"]}
        if "training" in block:
            nested |= {name: self._parameters[name] for name in ("seed", "steps_per_execution", "strategy")}
            nested["precision"] = choose_policy(self._parameters["precision"])
        nested |= block
        flat = pd.json_normalize(nested, sep=".").iloc[0].to_dict()
        self._client.log_batch(
            run_id,
            params=[Param(str(name), str(value)) for name, value in flat.items()],
            tags=[RunTag(f"version.{package}", version(package)) for package in VERSIONS],
        )
        if self._run_params["only_missing_outputs"]:
            self._record_what_is_there(namespace)
        self._client.log_inputs(run_id, list(self._inputs.values()))

    def _record_what_is_there(self, namespace: str) -> None:
        """Give a run that goes on with another's work the results which that one left."""
        for name in self._pipeline.inputs():
            if name not in self._inputs and self._declared(name).get("log") == "input":
                self._note_input(name, self._catalog.load(name))
        for node in self._pipeline.nodes:
            for name in node.outputs:
                kind = self._declared(name).get("log")
                if run_name(node) == namespace and kind and self._catalog.exists(name):
                    self._record(namespace, name, None if kind == "artifact" else self._catalog.load(name))
        self._unrecorded.discard(namespace)

    def _tags(self, namespace: str) -> dict[str, str]:
        tags = {
            "kedro.run": self._run_params["run_id"],
            "kedro.env": self._run_params["env"] or "base",
            "kedro.pipelines": ",".join(self._run_params["pipeline_names"] or ["__default__"]),
            "mlflow.source.name": "kedro run",
            "mlflow.source.type": "LOCAL",
        }
        if network := self._parameters.get(namespace, {}).get("network"):
            tags |= {"network": network["name"], "mlflow.runColor": network_colour(network["name"])}
        else:
            tags |= {"mlflow.runColor": INK}
        tags |= self._study_tags(namespace)
        if commit := git_commit(self._project_path):
            tags["mlflow.source.git.commit"] = commit
        return tags | {
            f"sha256.{item.dataset.name}": json.loads(item.dataset.source)["sha256"] for item in self._inputs.values()
        }

    def _study_tags(self, namespace: str) -> dict[str, str]:
        """What the runs of a study are found by, and where its summary finds them."""
        block = self._parameters.get(namespace, {})
        if study := block.get("study"):
            samples = block["samples"] or self._parameters["dataset"]["train_samples"] or "all"
            return {"study": study, "samples": str(samples), "seed": str(block["seed"])}
        if any(other.get("study") == namespace for other in self._parameters.values() if isinstance(other, dict)):
            search = f"tags.study = '{namespace}' AND attributes.status = 'FINISHED'"
            link = f"#/experiments/{self._experiment_id}/runs?searchFilter={quote(search)}"
            return {"mlflow.note.content": f"[The trainings of this study]({link}): `{search}`"}
        return {}

    def _dataset_input(self, name: str, data: np.ndarray, context: str) -> Any:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        path = Path(stored_path(self._catalog, name))
        inside = path.is_relative_to(self._project_path)
        sha256 = self._catalog[name].found_sha256  # type: ignore[attr-defined]
        source = {"uri": str(path.relative_to(self._project_path) if inside else path), "sha256": sha256}
        tensor = {"type": "tensor", "tensor-spec": {"dtype": str(data.dtype), "shape": list(data.shape)}}
        return DatasetInput(
            Dataset(
                name=name,
                digest=sha256[:LONGEST_DIGEST],
                source_type="local",
                source=json.dumps(source),
                schema=json.dumps({"mlflow_tensorspec": {"features": json.dumps([tensor]), "targets": None}}),
                profile=json.dumps({"features_shape": data.shape, "features_nbytes": data.nbytes}),
            ),
            tags=[InputTag("mlflow.data.context", context)],
        )

    def _log_metrics(
        self, run_id: str, values: dict[str, float | None], step: int = 0, model_id: str | None = None
    ) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(name, float(value), now, step, model_id=model_id, run_id=run_id)
            for name, value in values.items()
            if value is not None
        ]
        self._client.log_batch(run_id, metrics=metrics)

    def _log_model(self, run_id: str, name: str, model: Any) -> str:
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
        params = self._client.get_run(run_id).data.params
        created = self._client.create_logged_model(self._experiment_id, name, source_run_id=run_id, params=params)
        logged = PortableModel.log(
            None,
            mlflow.keras,
            run_id=run_id,
            model_id=created.model_id,
            name=name,
            model=model,
            signature=ModelSignature(schema(model.input_shape), schema(model.output_shape)),
            pip_requirements=[f"{package}=={version(package)}" for package in MODEL_REQUIREMENTS],
        )
        return str(logged.model_id)


def git_commit(folder: Path) -> str | None:
    """The commit of the git checkout that the folder is in, with `-dirty` if it was changed since; `None` if none."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        described = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()
