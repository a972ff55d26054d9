"""Records in MLflow what the catalog's `metadata.mlflow` declares: one flat run for each outermost namespace.

A run is opened by the first node of its namespace, and closed when the last output of the namespace is saved.
"""

import atexit
import threading
from collections.abc import Callable, Iterable, Mapping
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

from convnets.harness.exits import command_to_go_on
from convnets.harness.experiment import Experiment, RunDescription, installed_version
from convnets.harness.locks import NamespaceLocks
from convnets.harness.messages import TrackingError
from convnets.harness.namespaces import outermost_namespace
from convnets.harness.storage import stored_path
from convnets.harness.tracking.experiments import open_experiment
from convnets.harness.tracking.namespace_run import NamespaceRun
from convnets.harness.tracking.publishing import NOTE, publish
from convnets.harness.tracking.recording import dataset_input, log_keras_model, metrics_of, metrics_of_table, tags_of
from convnets.harness.tracking.settings import Tracking
from convnets.harness.tracking.store import cause_of, tracking_uri, without_password
from convnets.harness.tracking.view import LATEST

if TYPE_CHECKING:
    from mlflow import MlflowClient

CLAIM = "convnets.claim"  # the tag by which a later process finds the run of one that was killed


class TrackingHooks:
    """Opens, fills and closes MLflow runs as Kedro runs nodes and saves data sets."""

    def __init__(
        self,
        project_path: Path,
        settings: Tracking,
        experiment: Experiment,
        describe_run: Callable[[str], RunDescription],
        locks: NamespaceLocks,
    ) -> None:
        """Open and import nothing until a pipeline runs.

        Args:
            project_path: Where a local store is.
            settings: What `tracking.yml` says.
            experiment: Its package and those of others: their versions are recorded.
            describe_run: See `Plan`.
            locks: Of the namespaces that this process works on.
        """
        self._project_path = project_path
        self._settings = settings
        self._packages = list(experiment.packages)
        self._versions = {
            name: installed_version(name) for name in (experiment.package, "kedro", "mlflow", *self._packages)
        }
        self._describe_run = describe_run
        self._locks = locks
        self._lock = threading.RLock()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Reach the store, before anything is trained, if some node of the pipeline is recorded."""
        self._catalog = catalog
        self._pipeline = pipeline
        self._run_params = run_params
        self._inputs: dict[str, Any] = {}
        self._at_work: dict[int, NamespaceRun | None] = {}
        self._lost: Exception | None = None
        self._runs: dict[str, NamespaceRun] = {}
        for node in pipeline.nodes:
            if name := outermost_namespace(node):
                self._runs.setdefault(name, NamespaceRun(name, set())).unsaved.update(node.outputs)
        if self._runs:
            self._uri = tracking_uri(self._project_path, self._settings)
            self._open_store()
            self._close_dead_runs()

    def _open_store(self) -> None:
        self._client: MlflowClient
        self._client, self._experiment_id = open_experiment(self._uri, self._project_path, self._settings)
        atexit.register(self._end)

    def _end(self) -> None:
        """Close the runs of a process that is asked to end, and what processes that it has started have left open."""
        self._close_runs("KILLED")
        self._close_runs_of_others()

    def _close_dead_runs(self) -> None:
        for name, claim in list(self._locks.unfinished_runs(self._uri)):
            self._close_dead_run(claim)
            if self._run_params["only_missing_outputs"] and name in self._runs:
                self._runs[name].unrecorded = True

    def _close_dead_run(self, claim: str, but: str | None = None) -> None:
        for run in self._client.search_runs([self._experiment_id], f"tags.`{CLAIM}` = '{claim}'"):
            if run.info.status == "RUNNING" and run.info.run_id != but:
                self._client.set_terminated(run.info.run_id, "KILLED")

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Note the data that runs are given."""
        if self._declared(dataset_name).get("log") == "input":
            self._note_input(dataset_name, data)

    def _note_input(self, name: str, data: np.ndarray) -> None:
        path = Path(stored_path(self._catalog, name))
        shown = path.relative_to(self._project_path) if path.is_relative_to(self._project_path) else path
        sha256: str = self._catalog[name].found_sha256  # type: ignore[attr-defined]
        self._inputs[name] = dataset_input(name, data, self._declared(name)["context"], str(shown), sha256)

    @hook_impl
    def before_node_run(self, node: Node) -> dict[str, str | None]:
        """Open the run of the node's namespace, and give the node the run's identifier where it takes that.

        Returns:
            The inputs that Kedro replaces; `None` where no run could be opened.
        """
        with self._lock:
            run = self._run_of(node)
            self._at_work[threading.get_ident()] = run
            if run and run.run_id is None:
                if self._lost:
                    self._locks.note_run(run.name, self._uri)
                self._attempt(self._open_run, run)
        given = [name for name in node.inputs if self._declared(name).get("give") == "run_id"]
        return dict.fromkeys(given, run.run_id if run else None)

    def _run_of(self, node: Node) -> NamespaceRun | None:
        name = outermost_namespace(node)
        return self._runs[name] if name else None

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Node) -> None:
        """Record what is declared of the data set. A node that yields saves, and so is recorded, at every step."""
        run = self._run_of(node)
        if run is None:
            return
        self._attempt(self._record, run, dataset_name, data)
        run.unsaved.discard(dataset_name)
        if not run.unsaved and not isgeneratorfunction(node.func):  # which may save again
            self._close_runs("FINISHED", [run])

    def _record(self, run: NamespaceRun, dataset_name: str, data: Any) -> None:
        run_id = str(run.run_id)
        match self._declared(dataset_name).get("log"):
            case "epochs":
                for row in data.iloc[run.epochs :].to_dict("records"):
                    run.epochs = int(row.pop("epoch"))
                    self._client.log_batch(run_id, metrics=metrics_of(run_id, row, run.epochs))
            case "metrics":
                self._log_metrics(run, data)
            case "table":
                self._client.log_artifact(run_id, stored_path(self._catalog, dataset_name))
                self._log_metrics(run, metrics_of_table(data, self._declared(dataset_name)))
            case "model":
                run.model_id = log_keras_model(self._client, run_id, data, self._packages)
                run.model_shape = tuple(data.input_shape[1:])
            case "artifact":
                self._client.log_artifact(run_id, stored_path(self._catalog, dataset_name))

    def _log_metrics(self, run: NamespaceRun, values: Mapping[str, float | None]) -> None:
        run.metrics |= {name: float(value) for name, value in values.items() if value is not None}
        self._client.log_batch(str(run.run_id), metrics=metrics_of(str(run.run_id), values, model_id=run.model_id))

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
            for run in self._at_work.values():
                if run:
                    run.incomplete = True

    @hook_impl
    def on_node_error(self, node: Node) -> None:
        """Note which run has failed."""
        if run := self._run_of(node):
            run.failed = True

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Close the run that failed as FAILED, the others, which it cut short, as KILLED."""
        failed = [run for run in self._runs.values() if run.failed]
        # A node that yields fails after Kedro took it for done: then it is the last that its thread began.
        self._close_runs("FAILED", failed or [run for run in self._at_work.values() if run])
        self._close_runs("KILLED")
        self._close_runs_of_others()
        atexit.unregister(self._end)

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Record what earlier runs could not, and close the runs of namespaces of which only some nodes were run.

        Raises:
            TrackingError: The store failed on the way; results are whole.
        """
        unrecorded = [run for run in self._runs.values() if run.unrecorded]
        still = {name for name, _ in self._locks.unfinished_runs(self._uri)} if unrecorded else set()
        for run in unrecorded:
            if run.name in still:  # and not recorded by another process since
                self._attempt(self._open_run, run)
        self._close_runs("FINISHED")
        self._close_runs_of_others()
        atexit.unregister(self._end)
        if self._lost:
            incomplete = sorted(run.name for run in self._runs.values() if run.incomplete)
            raise TrackingError(
                f"The MLflow store at {without_password(self._uri)} failed on the way ({cause_of(self._lost)}): the "
                f"results are whole and in their files, but not all of {', '.join(incomplete)} is in MLflow; when it "
                f"can be used again, `{command_to_go_on()}` records them"
            )

    def _close_runs_of_others(self) -> None:
        """Close what processes that this run has started, and that were killed, have left open."""
        if self._runs:
            self._attempt(self._close_dead_runs)

    def _close_runs(self, status: str, runs: Iterable[NamespaceRun] | None = None) -> None:
        with self._lock:
            for run in self._runs.values() if runs is None else runs:
                if run.run_id:
                    self._attempt(self._client.set_terminated, run.run_id, status)
                    if status == "FINISHED":
                        self._attempt(publish, self._client, self._experiment_id, run, self._settings.model)
                    run.run_id = None
                    if not self._lost:
                        self._locks.forget_run(run.name, self._uri)

    def _declared(self, dataset_name: str) -> dict[str, Any]:
        metadata = getattr(self._catalog[dataset_name], "metadata", None) if dataset_name in self._catalog else None
        declared: dict[str, Any] = (metadata or {}).get("mlflow", {})
        return declared

    def _open_run(self, run: NamespaceRun) -> None:
        from mlflow.entities import Param, RunTag

        claim = self._locks.note_run(run.name, self._uri)
        description = run.description = self._describe_run(run.name)
        tags = (
            tags_of(self._run_params, self._project_path, self._inputs.values())
            | dict(description.tags)
            | {CLAIM: claim}
        )
        if description.related:
            link = f"#/experiments/{self._experiment_id}/runs?searchFilter={quote(description.related)}"
            tags[NOTE] = f"[The runs that are summed up here]({link}): `{description.related}`"
        if description.model_use:
            tags[LATEST] = "true"
        if epochs := getattr(self._catalog, "resumed", {}).get(run.name):
            tags["resumed.after_epoch"] = str(epochs)
        created = self._client.create_run(self._experiment_id, run_name=run.name, tags=tags)
        run_id = run.run_id = str(created.info.run_id)
        run.started, run.epochs, run.model_id, run.metrics = created.info.start_time, 0, None, {}
        if self._uri.startswith("http"):  # where MLflow asks again for a run if the answer is lost
            self._close_dead_run(claim, but=run_id)
        flat = pd.json_normalize(dict(description.parameters), sep=".").iloc[0].to_dict()
        self._client.log_batch(
            run_id,
            params=[Param(str(name), str(value)) for name, value in flat.items()],
            tags=[RunTag(f"version.{package}", found) for package, found in self._versions.items()],
        )
        if self._run_params["only_missing_outputs"]:
            self._record_what_is_there(run)
        self._client.log_inputs(run_id, list(self._inputs.values()))

    def _record_what_is_there(self, run: NamespaceRun) -> None:
        """Give a run that goes on with another's work the results which that one left."""
        for name in self._pipeline.inputs():
            if name not in self._inputs and self._declared(name).get("log") == "input":
                self._note_input(name, self._catalog.load(name))
        for node in self._pipeline.nodes:
            for name in node.outputs:
                kind = self._declared(name).get("log")
                if outermost_namespace(node) == run.name and kind and self._catalog.exists(name):
                    self._record(run, name, None if kind == "artifact" else self._catalog.load(name))
        run.unrecorded = False
