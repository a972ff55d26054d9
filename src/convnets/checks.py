"""What is checked of data, parameters and networks before anything is trained, so that nothing is begun in vain."""

import json
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from importlib.util import find_spec
from itertools import product

import numpy as np

from convnets.datasets.images import ImageFolderDataset
from convnets.datasets.model_file import KerasFileDataset
from convnets.harness.checks import check_inputs, check_notes, check_results, name_files, namespace_of, stored_results
from convnets.harness.experiment import Check, PlannedRun
from convnets.harness.messages import DataError, ParameterError, UserError, enumerated
from convnets.harness.outputs import MEGABYTE, check_outputs, check_space
from convnets.harness.provenance import noted_of
from convnets.harness.quiet import silence, without
from convnets.harness.storage import stored_path
from convnets.network_parameters import Network
from convnets.parameters import Classifier, Dataset, ProjectParameters
from convnets.pipelines.classifier.nodes import build_model, reshape_images
from convnets.pipelines.classifier.optimization import count_learned
from convnets.pipelines.convolution.operation import choose_image
from convnets.pipelines.label_errors.nodes import choose_doubtful
from convnets.pipelines.preparation.nodes import arrange_pixels, load_test_set, load_training_set
from convnets.pipelines.translation.nodes import choose_digit
from convnets.studies import StudyTraining
from convnets.training_parameters import Training

BYTES_OF_FLOAT32 = 4
# What an optimizer keeps for each parameter, in a checkpoint, beside what its momentum takes.
SLOTS = {"sgd": 0, "nesterov": 1, "rmsprop": 1, "adam": 2, "adamw": 2}
TABLES_AND_FIGURES = 5 * MEGABYTE  # of one network, its predictions of 10,000 images included
EXPORT_PACKAGES = ("ai_edge_litert", "onnx", "onnxruntime", "tf2onnx")
ROBUSTNESS = "robustness"  # the study whose networks need a temperature
CORRUPTED_ANSWERS = 20 * MEGABYTE  # of one training: 25 times 10,000 images
# What is noted of the results of networks, of the classes that they tell apart and of the images that they were shown.
CLASS_NAMES = "parameter dataset.class_names"
REARRANGED = ("canvas", "pixel_permutation")  # of the data set
TEST_IMAGES = ("data raw_test_images", "data raw_test_labels", "parameter dataset.test_samples")


def checks_of(parameters: ProjectParameters, trainings: Mapping[str, StudyTraining]) -> list[Check]:
    """What is checked before a run, in this order.

    Args:
        parameters: As `check_parameters` returns them.
        trainings: Of the studies, as `plan_trainings` returns them.
    """
    return [
        partial(check_data, parameters=parameters, trainings=trainings),
        check_results,
        partial(check_agreement, dataset=parameters.dataset, networks=parameters.classifiers),
        partial(check_folders, dataset=parameters.dataset),
        check_extras,
        check_inputs,
        check_outputs,
        check_notes,
        partial(check_networks, parameters=parameters, trainings=trainings),
    ]


def check_data(run: PlannedRun, parameters: ProjectParameters, trainings: Mapping[str, StudyTraining]) -> None:
    """Check the raw files that a run starts from, against themselves and against the parameters.

    Args:
        run: Its raw files are loaded.
        parameters: As `check_parameters` returns them.
        trainings: Of the studies; one may take other samples.

    Raises:
        DatasetError: See `IDXDataset.load`.
        DataError: See `load_training_set`.
        ParameterError: See `choose_image`, `choose_digit` and `choose_doubtful`.
    """
    raw = {name: run.load(name) for name in sorted(run.pipeline.inputs()) if name.startswith("raw_")}
    at_work = {node.namespace for node in run.pipeline.nodes}
    varied = [training.dataset for name, training in trainings.items() if name in at_work]
    datasets = dict.fromkeys([parameters.dataset, *varied])
    for (part, load), dataset in product((("train", load_training_set), ("test", load_test_set)), datasets):
        names = [f"raw_{part}_images", f"raw_{part}_labels"]
        if raw.keys() >= set(names):
            try:
                load(raw[names[0]], raw[names[1]], dataset)
            except DataError as error:
                name_files(error, names, run.catalog)
                raise
    if "raw_test_images" in raw:
        test_images = raw["raw_test_images"][: parameters.dataset.test_samples]
        if "params:convolution" in run.pipeline.inputs():
            choose_image(test_images, parameters.convolution)
        if "params:translation" in run.pipeline.inputs():
            choose_digit(test_images, parameters.translation)
        if "params:label_errors" in run.pipeline.inputs():
            choose_doubtful(len(test_images), parameters.label_errors)


def check_agreement(run: PlannedRun, dataset: Dataset, networks: Collection[str]) -> None:
    """Check that the results of networks that a run starts from are of the same classes and test images.

    Args:
        run: Its results are as earlier runs have left them.
        dataset: Its `class_names` are counted.
        networks: The names of all networks.

    Raises:
        DataError: They are not, or their images were arranged otherwise. The message names a result, what it holds and
            what is expected.
    """
    tested: dict[str, list[str | None]] = {}
    for name in stored_results(run):
        network = namespace_of(name)
        if network not in networks:
            continue
        made_from = noted_of(run.catalog, name).made_from
        found = _count_names(made_from.get(CLASS_NAMES))
        if found not in (None, len(dataset.class_names)):
            raise DataError(
                f"{name}, {stored_path(run.catalog, name)}, tells {found} classes apart, and dataset.class_names names "
                f"{len(dataset.class_names)}; expected the same number: run {network} again, or name its classes"
            )
        for parameter in REARRANGED:
            now, then = json.dumps(getattr(dataset, parameter)), made_from.get(f"parameter dataset.{parameter}", "null")
            if now != then:
                raise DataError(
                    f"{name}, {stored_path(run.catalog, name)}, was made with dataset.{parameter} {then}, which is now "
                    f"{now}; expected the same: run {network} again, or set it to {then}"
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


def check_folders(run: PlannedRun, dataset: Dataset) -> None:
    """Check that each folder of images that a run starts from is there and holds a file.

    Raises:
        DatasetError: See `ImageFolderDataset.load`.
        ParameterError: The networks learn rearranged images, and the user's own are not rearranged.
    """
    for name in sorted(run.pipeline.inputs()):
        images = run.catalog.get(name)
        if isinstance(images, ImageFolderDataset):
            for parameter in REARRANGED:
                if (found := getattr(dataset, parameter)) is not None:
                    raise ParameterError(
                        f"dataset.{parameter} is {found}, and {name} are classified as they are; allowed: null"
                    )
            images.load()


def check_extras(run: PlannedRun) -> None:
    """Check that the packages are there that an export takes.

    Raises:
        UserError: They are not.
    """
    if all(node.namespace != "export" for node in run.pipeline.nodes):
        return
    if missing := [package for package in EXPORT_PACKAGES if find_spec(package) is None]:
        raise UserError(
            f"The pipeline export needs {enumerated(missing, 'and')}, not installed here; expected with the extra "
            f"export of this project"
        )


def check_networks(run: PlannedRun, parameters: ProjectParameters, trainings: Mapping[str, StudyTraining]) -> None:
    """Check that every network that is trained fits the images, and that there is space for what training makes.

    TensorFlow is imported where networks are run.

    Raises:
        ParameterError: See `build_model`; or a training run of a study chooses more images than there are.
        OutputError: See `check_space`.
    """
    if any(isinstance(run.catalog.get(name), KerasFileDataset) for name in run.pipeline.datasets()):
        # Keras has wrappers for the first, and shows files by the second: nothing here uses either.
        with silence(), without("sklearn"), without("IPython"):
            import tensorflow  # noqa: F401
    if "raw_train_images" not in run.pipeline.inputs():
        return
    images = run.load("raw_train_images")
    at_work = {node.namespace for node in run.pipeline.nodes}
    blocks: dict[str, Classifier | StudyTraining] = parameters.classifiers | dict(trainings)
    trained = {name: block for name, block in blocks.items() if name in at_work}
    check_samples(images, {name: training for name, training in trainings.items() if name in at_work})
    check_validation(images, trained, parameters.dataset)
    sizes = []
    models: dict[tuple[Network, int | None], int] = {}
    for block in trained.values():
        network = block.network
        dataset = block.dataset if isinstance(block, StudyTraining) else parameters.dataset
        if (network, dataset.canvas) not in models:
            image = arrange_pixels(images[:1], dataset)
            inputs, _ = reshape_images(image, image, network)
            model = build_model(inputs, network, dataset, parameters.seed)
            models[network, dataset.canvas] = model.count_params()
        sizes.append((models[network, dataset.canvas], block.training))
    results, temporary = bytes_needed(sizes)
    answering = [block for block in trained.values() if isinstance(block, StudyTraining) and block.study == ROBUSTNESS]
    check_space(run.outputs, results + len(answering) * CORRUPTED_ANSWERS, temporary)


def check_samples(images: np.ndarray, trainings: Mapping[str, StudyTraining]) -> None:
    """Check that there are as many training images as trainings of studies choose, and hold back.

    Args:
        images: (n, ...): the training images.
        trainings: By name.

    Raises:
        ParameterError: There are not.
    """
    for training in trainings.values():
        there = len(images[: training.dataset.train_samples])
        if training.samples and training.samples > there:
            raise ParameterError(
                f"{training.study}.samples has {training.samples}; allowed: 1 to {there}, the number of training images"
            )
        if training.tune and training.tune.validation_images >= there:
            raise ParameterError(
                f"{training.study}.tune.validation_images is {training.tune.validation_images}; allowed: 1 to "
                f"{there - 1}, less than the number of training images"
            )


def check_validation(
    images: np.ndarray, classifiers: Mapping[str, Classifier | StudyTraining], dataset: Dataset
) -> None:
    """Check that an image is held back wherever the end of a training, its best epoch or its temperature depends on it.

    Args:
        images: (n, ...): the training images.
        classifiers: By name, the trainings; those of a study may choose fewer images.
        dataset: Of networks: its `train_samples` is used.

    Raises:
        ParameterError: None is. The message names the network, what was found and what is allowed.
    """
    for name, classifier in classifiers.items():
        training = classifier.training
        own = classifier if isinstance(classifier, StudyTraining) else None
        chosen = (own and own.samples) or len(images[: (own.dataset if own else dataset).train_samples])
        fitted = own is not None and own.study == ROBUSTNESS
        where = ROBUSTNESS if fitted else f"{name}.training"
        if (training.early_stopping or training.keep == "best" or fitted) and count_learned(chosen, training) == chosen:
            raise ParameterError(
                f"{where}.validation_split is {training.validation_split}, which holds back none of {chosen:,} images; "
                f"allowed: at least {1 / chosen:.2g}, where early_stopping, keep or a temperature depends on them"
            )


def bytes_needed(networks: Iterable[tuple[int, Training]]) -> tuple[int, int]:
    """How much space trainings need at most.

    Args:
        networks: Of each, how many parameters it has, and how it is trained.

    Returns:
        Bytes in the folder of results: for each network a model, a checkpoint and the next one, which takes its place
        when it is whole, and its tables and figures. And in the folder of temporary files: the largest checkpoint.
    """
    results, temporary = 0, 0
    for parameters, training in networks:
        model = BYTES_OF_FLOAT32 * parameters
        of_momentum = bool(training.momentum) and training.optimizer != "nesterov"
        checkpoint = model * (1 + SLOTS[training.optimizer] + of_momentum + (training.keep == "best"))
        results += model + 2 * checkpoint + TABLES_AND_FIGURES
        temporary = max(temporary, checkpoint)
    return results, temporary
