"""What is checked of data, parameters and networks before anything is trained, so that nothing is begun in vain."""

import json
from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from convnets.datasets.images import ImageFolderDataset
from convnets.datasets.model_file import KerasFileDataset
from convnets.harness.checks import check_inputs, check_notes, check_results, name_files, namespace_of, stored_results
from convnets.harness.experiment import Check, PlannedRun
from convnets.harness.messages import DataError, ParameterError
from convnets.harness.outputs import MEGABYTE, check_outputs, check_space
from convnets.harness.provenance import noted_of
from convnets.harness.storage import stored_path
from convnets.memory import silence
from convnets.parameters import NETWORKS, Classifier, Dataset, Network, ProjectParameters
from convnets.pipelines.classifier.nodes import build_model, reshape_images
from convnets.pipelines.convolution.operation import choose_image
from convnets.pipelines.preparation.nodes import load_test_set, load_training_set
from convnets.pipelines.translation.nodes import choose_digit
from convnets.studies import StudyTraining

BYTES_OF_FLOAT32 = 4
SLOTS = {"sgd": 0, "rmsprop": 1, "adam": 2}  # what an optimizer keeps for each parameter, in a checkpoint
TABLES_AND_FIGURES = 5 * MEGABYTE  # of one network, its predictions of 10,000 images included
# What is noted of the results of networks, of the classes that they tell apart and of the images that they were shown.
CLASS_NAMES = "parameter dataset.class_names"
TEST_IMAGES = ("data raw_test_images", "data raw_test_labels", "parameter dataset.test_samples")


def checks_of(parameters: ProjectParameters, trainings: Mapping[str, StudyTraining]) -> list[Check]:
    """What is checked before a run, in this order.

    Args:
        parameters: As `check_parameters` returns them.
        trainings: Of the studies, as `plan_trainings` returns them.
    """
    return [
        partial(check_data, parameters=parameters),
        check_results,
        partial(check_agreement, dataset=parameters.dataset),
        check_folders,
        check_inputs,
        check_outputs,
        check_notes,
        partial(check_networks, parameters=parameters, trainings=trainings),
    ]


def check_data(run: PlannedRun, parameters: ProjectParameters) -> None:
    """Check the raw files that a run starts from, against themselves and against the parameters.

    Raises:
        DatasetError: See `IDXDataset.load`.
        DataError: See `load_training_set`.
        ParameterError: See `choose_image` and `choose_digit`.
    """
    raw = {name: run.catalog.load(name) for name in sorted(run.pipeline.inputs()) if name.startswith("raw_")}
    for part, load in (("train", load_training_set), ("test", load_test_set)):
        names = [f"raw_{part}_images", f"raw_{part}_labels"]
        if raw.keys() >= set(names):
            try:
                load(raw[names[0]], raw[names[1]], parameters.dataset)
            except DataError as error:
                name_files(error, names, run.catalog)
                raise
    if "raw_test_images" in raw:
        test_images = raw["raw_test_images"][: parameters.dataset.test_samples]
        if "params:convolution" in run.pipeline.inputs():
            choose_image(test_images, parameters.convolution)
        if "params:translation" in run.pipeline.inputs():
            choose_digit(test_images, parameters.translation)


def check_agreement(run: PlannedRun, dataset: Dataset) -> None:
    """Check that the results of networks that a run starts from are of the same classes and test images.

    Args:
        run: Its results are as earlier runs have left them.
        dataset: Its `class_names` are counted.

    Raises:
        DataError: They are not. The message names a result, what it holds and what is expected.
    """
    tested: dict[str, list[str | None]] = {}
    for name in stored_results(run):
        network = namespace_of(name)
        if network not in NETWORKS:
            continue
        made_from = noted_of(run.catalog, name).made_from
        found = _count_names(made_from.get(CLASS_NAMES))
        if found not in (None, len(dataset.class_names)):
            raise DataError(
                f"{name}, {stored_path(run.catalog, name)}, tells {found} classes apart, and dataset.class_names names "
                f"{len(dataset.class_names)}; expected the same number: run {network} again, or name its classes"
            )
        if name == f"{network}.predictions":
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


def check_folders(run: PlannedRun) -> None:
    """Check that each folder of images that a run starts from is there and holds a file.

    Raises:
        DatasetError: See `ImageFolderDataset.load`.
    """
    for name in sorted(run.pipeline.inputs()):
        dataset = run.catalog.get(name)
        if isinstance(dataset, ImageFolderDataset):
            dataset.load()


def check_networks(run: PlannedRun, parameters: ProjectParameters, trainings: Mapping[str, StudyTraining]) -> None:
    """Check that every network that is trained fits the images, and that there is space for what training makes.

    TensorFlow is imported where networks are run.

    Raises:
        ParameterError: See `build_model`; or a training run of a study chooses more images than there are.
        OutputError: See `check_space`.
    """
    if any(isinstance(run.catalog.get(name), KerasFileDataset) for name in run.pipeline.datasets()):
        with silence():
            import tensorflow  # noqa: F401
    if "raw_train_images" not in run.pipeline.inputs():
        return
    images = run.catalog.load("raw_train_images")
    at_work = {node.namespace for node in run.pipeline.nodes}
    blocks: dict[str, Classifier] = {name: getattr(parameters, name) for name in NETWORKS} | dict(trainings)
    trained = {name: block for name, block in blocks.items() if name in at_work}
    check_samples(images, trained, parameters.dataset)
    sizes = []
    models: dict[Network, int] = {}
    for block in trained.values():
        network = block.network
        if network not in models:
            inputs, _ = reshape_images(images[:1], images[:1], network)
            models[network] = build_model(inputs, network, parameters.dataset, parameters.seed).count_params()
        sizes.append((models[network], block.training.optimizer))
    check_space(run.outputs, *bytes_needed(sizes))


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


def bytes_needed(networks: Iterable[tuple[int, str]]) -> tuple[int, int]:
    """How much space trainings need at most.

    Args:
        networks: Of each, its parameters and its optimizer.

    Returns:
        Bytes in the folder of results: for each network a model, a checkpoint and the next one, which takes its place
        when it is whole, and its tables and figures. And in the folder of temporary files: the largest checkpoint.
    """
    results, temporary = 0, 0
    for parameters, optimizer in networks:
        model = BYTES_OF_FLOAT32 * parameters
        checkpoint = model * (1 + SLOTS[optimizer])
        results += model + 2 * checkpoint + TABLES_AND_FIGURES
        temporary = max(temporary, checkpoint)
    return results, temporary
