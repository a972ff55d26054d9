"""What a run says on the terminal: its data, how training goes on, and at the end one table."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from convnets.harness.catalog import runs_elsewhere
from convnets.harness.messages import one_line
from convnets.harness.progress import Bar, between_bars
from convnets.harness.storage import stored_path
from convnets.precision import bfloat16_hardware, choose_policy
from convnets.training_parameters import Training

MAX_IMAGES = 24  # of the user's own that are listed, and drawn in the figure


class TerminalHooks:
    """Tells the user what happens, in the words of the lecture."""

    def __init__(self, networks: Sequence[str], plan: Sequence[str]) -> None:
        """Note what is said.

        Args:
            networks: In the order of the table of results.
            plan: What studies would train, a line for each.
        """
        self._networks = networks
        self._plan = plan

    @hook_impl(tryfirst=True)  # TensorFlow and MLflow, which others import, take a while
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Say what will be done."""
        self._pipeline = pipeline
        self._catalog = catalog
        self._console = Console(highlight=False, soft_wrap=True)
        self._metrics: dict[str, dict[str, Any]] = {}
        self._steps: Bar | None = None
        self._lock = Lock()
        self._precision_said = False
        self._env = run_params["env"]
        self._unit = "step" if len(pipeline.nodes) == 1 else "steps"
        names = ", ".join(run_params["pipeline_names"] or ["all networks"])
        environment = f", environment {run_params['env']}" if run_params["env"] else ""
        self._say(f"[bold]convnets[/bold]: {names}{environment}, {len(pipeline.nodes)} {self._unit}")
        for line in self._plan:
            self._say(line)

    @hook_impl
    def before_node_run(self, node: Node, inputs: dict[str, Any]) -> None:
        """Say which network is trained now, and how."""
        with self._lock:  # of two threads the one makes it
            self._steps = self._steps or Bar(len(self._pipeline.nodes), self._unit, "convnets", even=False)
        self._steps.advance(0, doing=".".join(node.name.split(".")[-2:]))
        if node.name.endswith(".train"):
            start, training = inputs[f"{node.namespace}.starting_point"], _of(node, "training", inputs)
            (images,) = (data for name, data in inputs.items() if name.endswith("train_images"))
            resumed = f", going on after epoch {len(start.log)} of {training.epochs}" if len(start.log) else ""
            self._say(
                f"[bold]{node.namespace}[/bold]: {start.model.count_params():,} parameters learn from {len(images):,} "
                f"images in batches of {training.batch_size}{chosen_options(training)}{resumed}"
            )
        if node.name.endswith(".compile_model") and not self._precision_said:
            self._precision_said = True
            hardware = bfloat16_hardware()
            found = f"this machine has {hardware}" if hardware else "nothing here is built for bfloat16"
            asked = next(value for name, value in inputs.items() if name.endswith("precision"))
            self._say(f"precision: {choose_policy(asked)} (asked for: {asked}; {found})")

    @hook_impl
    def after_node_run(self) -> None:
        """Count it."""
        if self._steps:
            self._steps.advance(1)

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: Any) -> None:
        """Note the results of an earlier run that this one compares."""
        self._note(dataset_name, data)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Say what data there is, and note results."""
        if dataset_name in ("train_images", "test_images"):
            count, height, width, *channels = data.shape
            of = f" and {channels[0]} channels" if channels else ""
            self._say(f"{dataset_name}: {count:,} images of {height} x {width} pixels{of}")
        if dataset_name == "prediction.refused_images_table":
            for image, reason in data.head(MAX_IMAGES).itertuples(index=False):
                self._say(f"{one_line(str(image))} is refused: {one_line(reason)}", markup=False)
            self._say_that_there_are_more(dataset_name, len(data))
        if dataset_name == "prediction.predictions_on_images" and len(data):
            images = data["image"].unique()
            self._say(predictions_table(data[data["image"].isin(images[:MAX_IMAGES])]))
            self._say_that_there_are_more(dataset_name, len(images))
        if dataset_name == "comparison.table" and len(set(data["precision"])) > 1:
            found = ", ".join(data["network"] + " in " + data["precision"])
            self._say(f"The networks were trained in different precisions: {found}", markup=False)
        if dataset_name.endswith(".mean_accuracies_table"):
            self._say(mean_accuracies_table(data))
        if dataset_name == "playground.page":
            path = stored_path(self._catalog, dataset_name)
            self._say(f"The playground is one file for any browser: {path}", markup=False)
        self._note(dataset_name, data)

    def _say(self, what: RenderableType, *, markup: bool = True) -> None:
        with between_bars():
            self._console.print(what, markup=markup)

    def _say_that_there_are_more(self, dataset_name: str, images: int) -> None:
        if images > MAX_IMAGES:
            path = stored_path(self._catalog, dataset_name)
            self._say(f"... and {images - MAX_IMAGES:,} more, in {path}", markup=False)

    def _say_what_others_found(self) -> None:
        for name in sorted(self._pipeline.all_outputs()):
            if name.endswith(".mean_accuracies_table"):
                self._say(mean_accuracies_table(self._catalog.load(name)))

    def _note(self, dataset_name: str, data: Any) -> None:
        network, _, name = dataset_name.partition(".")
        if name == "record" and "-" not in network:
            self._metrics[network] = data["metrics"]

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Print the table of results, and where to look next."""
        if self._steps:
            self._steps.finish()
        if runs_elsewhere(self._catalog):
            self._say_what_others_found()
        elif self._steps is None:
            self._say("All is there, made from the same parameters, data and code: nothing was to be done.")
        if self._metrics:
            self._say(results_table(self._metrics, self._networks))
            viz, mlflow = ("make viz", "make mlflow")
            if self._env:
                viz, mlflow = (f"kedro {command} --env {self._env}" for command in ("viz run", "mlflow"))
            self._say(f"Look next: [bold]{viz}[/bold] shows the pipeline, [bold]{mlflow}[/bold] the runs.")
        self._say_where_reports_are()

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Take the bar away, so that what went wrong has a line of its own."""
        if self._steps:
            self._steps.abandon()

    def _say_where_reports_are(self) -> None:
        """Name the report of all networks, or those of the networks that were evaluated."""
        made = self._pipeline.all_outputs()
        reports = sorted(name for name in made if name.endswith(".report") and "-" not in name)
        for name in ["comparison.report"] if "comparison.report" in made else reports:
            of = "" if name == "comparison.report" else f" of {name.partition('.')[0]}"
            self._say(f"The report{of}: {stored_path(self._catalog, name)}", markup=False)


def _of(node: Node, name: str, inputs: dict[str, Any]) -> Any:
    """An input of a node that is a parameter of its namespace or, where trials have chosen it, a data set."""
    parameter = f"params:{node.namespace}.{name}"
    return inputs[parameter if parameter in inputs else f"{node.namespace}.{name}"]


def chosen_options(training: Training) -> str:
    """What a training has of its own beside what each says: `, with schedule cosine, learning_rate 0.01`."""
    chosen = training.model_dump(exclude_defaults=True)
    required = {name for name, field in Training.model_fields.items() if field.is_required()}
    options = {name: value for name, value in chosen.items() if name not in required}
    options |= options.pop("augmentation", {})
    said = ", ".join(f"{name} {value}" for name, value in options.items())
    return f", with {said}" if said else ""


def mean_accuracies_table(mean_accuracies: pd.DataFrame) -> Table:
    """Lay out the means of a study's trainings, a row for each setting."""
    title = "Test accuracy, mean over seeds"
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=0)
    factors = list(mean_accuracies.columns[: mean_accuracies.columns.get_loc("trainings")])
    for heading in factors:
        table.add_column(heading.rpartition(".")[2], no_wrap=True, justify="right" if heading == "samples" else "left")
    for heading in ("trainings", "mean (95 %)", "sd"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in mean_accuracies.to_dict("records"):
        table.add_row(
            *(f"{row[name]:,}" if name == "samples" else str(row[name]) for name in factors),
            str(row["trainings"]),
            f"{row['test_accuracy']:.4f} ({row['test_accuracy_low']:.4f} to {row['test_accuracy_high']:.4f})",
            f"{row['test_accuracy_sd']:.4f}",
        )
    return table


def results_table(metrics: dict[str, dict[str, Any]], networks: Sequence[str]) -> Table:
    """Lay out the metrics of networks, a row for each, in this order; further ones come last."""
    table = Table(title="Results on the test images", box=SIMPLE_HEAD, title_justify="left", pad_edge=False, padding=0)
    table.add_column("network", no_wrap=True)
    for heading in ("parameters", "test accuracy (95 %)", "lecture", "training", "images/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for network in sorted(metrics, key=lambda name: networks.index(name) if name in networks else len(networks)):
        values = metrics[network]
        lecture = values["lecture_accuracy"]
        table.add_row(
            network,
            f"{values['parameters']:,}",
            f"{values['test_accuracy']:.4f} ({values['test_accuracy_low']:.4f} to {values['test_accuracy_high']:.4f})",
            "-" if lecture is None else f"{lecture:.4g}",
            f"{values['fit_seconds']:.1f} s",
            f"{values['fit_images_per_second']:,.0f}",
        )
    return table


def predictions_table(predictions: pd.DataFrame) -> Table:
    """Lay out what each network said, a row for each image; columns as `predictions_on_images` has them."""
    table = Table(title="What the networks read", box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    table.add_column("image")
    networks = predictions["network"].unique()
    for network in networks:
        table.add_column(network, justify="right", no_wrap=True)
    for image, answers in predictions.groupby("image", sort=False):
        row = answers.set_index("network").loc[networks]
        said = [f"{answer.predicted} ({answer.probability:.2f})" for answer in row.itertuples()]
        table.add_row(Text(one_line(str(image))), *map(Text, said))
    return table
