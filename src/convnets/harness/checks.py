"""What is checked before anything is trained, so that nothing expensive is begun in vain."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from convnets.datasets.images import ImageFolderDataset
from convnets.harness.atomic_files import is_local_file
from convnets.harness.locks import FOLDER
from convnets.harness.messages import ChangedResultError, DataError, MissingResultError, ParameterError
from convnets.harness.outputs import check_outputs, check_space, check_writable
from convnets.harness.provenance import note_path, noted_of, was_changed
from convnets.parameters import NETWORKS, Classifier, Dataset, Network
from convnets.pipelines.classifier.nodes import build_model, reshape_images
from convnets.pipelines.convolution.operation import choose_image
from convnets.pipelines.preparation.nodes import load_test_set, load_training_set
from convnets.pipelines.translation.nodes import choose_digit
from convnets.studies import StudyTraining

# What is noted of the results of networks, of the classes that they tell apart and of the images that they were shown.
CLASS_NAMES = "parameter dataset.class_names"
TEST_IMAGES = ("data raw_test_images", "data raw_test_labels", "parameter dataset.test_samples")


class CheckHooks:
    """Checks what a pipeline starts from, where its results go, and that networks fit the images.

    It changes nothing, and loads TensorFlow where networks are run.
    """

    def __init__(self, parameters: Any, trainings: Mapping[str, StudyTraining], outputs: Path) -> None:
        """Note what is checked.

        Args:
            parameters: As `check_parameters` returns them.
            trainings: Of the studies, as `plan_trainings` returns them.
            outputs: The folder of results.
        """
        self._parameters = parameters
        self._classifiers = {network: getattr(parameters, network) for network in NETWORKS} | dict(trainings)
        self._outputs = outputs

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Check all that can be checked before the first node runs."""
        images = check_data(pipeline, catalog, self._parameters)
        check_results(pipeline, catalog, run_params["env"])
        check_agreement(pipeline, catalog, self._parameters.dataset)
        check_folders(pipeline, catalog)
        check_inputs(pipeline, catalog)
        check_outputs(pipeline, catalog)
        check_notes(pipeline, catalog)
        check_writable(self._outputs / FOLDER / "claims", "the note of who works on them")
        if any(name.endswith("model") for name in pipeline.datasets()):
            with silence():
                import tensorflow  # noqa: F401
        if "raw_train_images" in images:
            trained = {name: self._classifiers[name] for name in self._classifiers if is_run(pipeline, name)}
            check_samples(images["raw_train_images"], trained, self._parameters.dataset)
            check_networks(trained, images["raw_train_images"], self._parameters, self._outputs)

    @hook_impl
    def on_node_error(self, error: Exception, node: Node, catalog: DataCatalog) -> None:
        """Say from which files the data sets come that a message calls by name."""
        if isinstance(error, DataError):
            name_files(error, node.inputs, catalog)


def check_data(pipeline: Pipeline, catalog: DataCatalog, parameters: Any) -> dict[str, np.ndarray]:
    """Check the raw files that a pipeline starts from, against themselves and against the parameters.

    Args:
        pipeline: What will be run.
        catalog: Where the files are.
        parameters: As `check_parameters` returns them.

    Returns:
        The raw data.

    Raises:
        DatasetError: As of `IDXDataset.load`.
        DataError: As of `load_training_set`.
        ParameterError: As of `choose_image` and `choose_digit`.
    """
    raw = {name: catalog.load(name) for name in sorted(pipeline.inputs()) if name.startswith("raw_")}
    for part, load in (("train", load_training_set), ("test", load_test_set)):
        names = [f"raw_{part}_images", f"raw_{part}_labels"]
        if raw.keys() >= set(names):
            try:
                load(raw[names[0]], raw[names[1]], parameters.dataset)
            except DataError as error:
                name_files(error, names, catalog)
                raise
    if "raw_test_images" in raw:
        test_images = raw["raw_test_images"][: parameters.dataset.test_samples]
        if "params:convolution" in pipeline.inputs():
            choose_image(test_images, parameters.convolution)
        if "params:translation" in pipeline.inputs():
            choose_digit(test_images, parameters.translation)
    return raw


def is_run(pipeline: Pipeline, namespace: str) -> bool:
    """Whether a pipeline has nodes of a namespace."""
    return any(node.namespace == namespace for node in pipeline.nodes)


def check_samples(images: np.ndarray, classifiers: Mapping[str, Classifier], dataset: Dataset) -> None:
    """Check that there are as many training images as trainings of a study choose.

    Args:
        images: (n, height, width): the training images.
        classifiers: By name, the trainings.
        dataset: Its `train_samples` is used.

    Raises:
        ParameterError: There are not.
    """
    there = len(images[: dataset.train_samples])
    wanted = max((getattr(classifier, "samples", None) or 0 for classifier in classifiers.values()), default=0)
    if wanted > there:
        raise ParameterError(f"sample_size.samples has {wanted}; allowed: 1 to {there}, the number of training images")


def check_networks(classifiers: Mapping[str, Classifier], images: np.ndarray, parameters: Any, outputs: Path) -> None:
    """Check that every network that is trained fits the images, and that there is space for what trainings make.

    Args:
        classifiers: By name, what is trained.
        images: (n, height, width): the training images, of which the size counts.
        parameters: As `check_parameters` returns them.
        outputs: The folder of results.

    Raises:
        ParameterError: As of `build_model`.
        OutputError: As of `check_space`.
    """
    sizes = []
    models: dict[Network, int] = {}
    for classifier in classifiers.values():
        network = classifier.network
        if network not in models:
            inputs, _ = reshape_images(images[:1], images[:1], network)
            models[network] = build_model(inputs, network, parameters.dataset, parameters.seed).count_params()
        sizes.append((models[network], classifier.training.optimizer))
    check_space(outputs, sizes)


def check_results(pipeline: Pipeline, catalog: DataCatalog, environment: str | None) -> None:
    """Check that the results that a pipeline starts from exist and are as a run has left them.

    Args:
        pipeline: What will be run.
        catalog: Where the results are.
        environment: The configuration in which they are made; `None`: the base.

    Raises:
        MissingResultError: Some do not exist. The message names the networks and the commands that make them.
        ChangedResultError: One was changed since it was made, or nothing says what it was made from. The message names
            its file and the command that makes it again.
    """
    missing = [name for name in sorted(pipeline.inputs()) if _is_of_network(name) and not catalog.exists(name)]
    networks = [network for network in NETWORKS if any(name.split(".")[0] == network for name in missing)]
    options = f"--env {environment} " if environment else ""
    if networks:
        commands = ", ".join(f"`kedro run {options}--pipeline={network}`" for network in networks)
        raise MissingResultError(
            f"No result yet of {', '.join(networks)} ({', '.join(missing)}): run {commands} first."
        )
    for name in stored_results(pipeline, catalog):
        if was_changed(catalog, name):
            noted = noted_of(catalog, name).made_from
            found = "was changed since it was made" if noted else "has no note of what it was made from"
            again = f" with `kedro run {options}--pipeline={name.split('.')[0]}`" if _is_of_network(name) else ""
            raise ChangedResultError(
                f"{stored_path(catalog, name)} {found}; allowed: {name} as a run has left it: make it again{again}"
            )


def stored_results(pipeline: Pipeline, catalog: DataCatalog) -> list[str]:
    """The names of the results in files of this machine that a pipeline starts from; raw data is none."""
    names = sorted(pipeline.inputs())
    return [name for name in names if not name.startswith("raw_") and is_local_file(catalog.get(name))]


def _is_of_network(name: str) -> bool:
    return name.partition(".")[0] in NETWORKS


def check_agreement(pipeline: Pipeline, catalog: DataCatalog, dataset: Dataset) -> None:
    """Check that the results of networks that a pipeline starts from are of the same classes and test images.

    Args:
        pipeline: What will be run.
        catalog: Where the results are, which are as runs have left them.
        dataset: Its `class_names` are counted.

    Raises:
        DataError: They are not. The message names a result, what it holds and what is expected.
    """
    tested: dict[str, list[str | None]] = {}
    for name in filter(_is_of_network, stored_results(pipeline, catalog)):
        network, _, kind = name.partition(".")
        made_from = noted_of(catalog, name).made_from
        found = _count_names(made_from.get(CLASS_NAMES))
        if found not in (None, len(dataset.class_names)):
            raise DataError(
                f"{name}, {stored_path(catalog, name)}, tells {found} classes apart, and dataset.class_names names "
                f"{len(dataset.class_names)}; expected the same number: run {network} again, or name its classes"
            )
        if kind == "predictions":
            tested[network] = [made_from.get(part) for part in TEST_IMAGES]
    for network, images in tested.items():
        other = next(iter(tested))
        if images != tested[other]:
            raise DataError(
                f"{other}.predictions and {network}.predictions are of different test images; expected the same: "
                f"run {other} and {network} again"
            )


def _count_names(noted: str | None) -> int | None:
    try:
        return len(json.loads(noted or ""))
    except (TypeError, ValueError):  # nothing is noted, or no list
        return None


def check_notes(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Check that it can be noted what each file that a pipeline makes was made from.

    Raises:
        OutputError: As of `check_writable`.
    """
    for name in sorted(pipeline.all_outputs()):
        if is_local_file(catalog.get(name)):
            check_writable(note_path(catalog, name), f"the note of what {name} was made from")


def check_folders(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Check that each folder of images that a pipeline starts from is there and holds a file.

    Raises:
        DatasetError: As of `ImageFolderDataset.load`.
    """
    for name in sorted(pipeline.inputs()):
        dataset = catalog.get(name)
        if isinstance(dataset, ImageFolderDataset):
            dataset.load()


def check_inputs(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Check that all that a pipeline starts from is there: the catalog's patterns take a misspelt name, too.

    Raises:
        MissingResultError: Something is not. The message names it.
    """
    if missing := [name for name in sorted(pipeline.inputs()) if not catalog.exists(name)]:
        raise MissingResultError(
            f"This run starts from {', '.join(missing)}, which no step of it makes and no file holds; allowed: what an "
            "earlier run has left in a file: correct the name, or begin with an earlier step"
        )


def name_files(error: DataError, names: Iterable[str], catalog: DataCatalog) -> None:
    """Add to an error from which files the data sets come that its message calls by name."""
    for name in names:
        if name in str(error):
            error.add_note(f"{name} is {stored_path(catalog, name)}")


def stored_path(catalog: DataCatalog, name: str) -> str:
    """The path of a data set's file; its name where it has none."""
    return str(getattr(catalog[name], "_filepath", name))


@contextmanager
def silence() -> Iterator[None]:
    """Drop what TensorFlow writes to the process's standard error while it is imported; it heeds no setting there."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    standard_error = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(standard_error, 2)
        os.close(standard_error)
