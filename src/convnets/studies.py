"""The trainings that studies ask for: each is a block of parameters, and its name a namespace."""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from pydantic import ValidationError

from convnets.harness.fields import Block, Seed, split
from convnets.harness.messages import ParameterError
from convnets.harness.validation import Faults
from convnets.limits import Images
from convnets.network_parameters import Network
from convnets.parameters import TAGS, Classifier, Dataset, Precision, ProjectParameters, StepsPerExecution, Strategy
from convnets.study_parameters import ImagesPerEpoch, Range, Study, Tuning
from convnets.training_parameters import Training

MAX_TRAININGS = 2_000  # of one study, trials included: planning more would take minutes, and training them months
MAX_LABEL_CHARS = 60  # of what is varied, in a name
SHARED = ("dataset", "precision", "steps_per_execution", "strategy")  # parameters of all networks
SEARCHED = ("network", "training")
VARIABLE = (*SEARCHED, *SHARED)


class StudyTraining(Block):
    """One training of a study, with all that it depends on.

    Attributes:
        study: Whose it is.
        setting: What it shares with those that differ from it in nothing but the seed.
        varied: The variant and the values that make the setting, by parameter.
        measures: See `Study`.
        trial: Which trial of its setting it is, from 0; `None`: it is none, and tested on the test images.
        tune: How settings are chosen before; `None`: they are as they stand.
        lecture_accuracy: See `Classifier`.
        network: See `Classifier`.
        training: See `Classifier`.
        samples: The number of training images; `None`: all, in their original order.
        seed: Of the choice of images, of their order and of the initial weights.
        images_per_epoch: A smaller training set is repeated until it has at least this many images; `None`: never.
        dataset: See `ProjectParameters`, as of the others.
        precision: Of training.
        steps_per_execution: Gradient steps at a time.
        strategy: Of TensorFlow's distribution.
    """

    study: str
    setting: str
    varied: dict[str, Any]
    measures: tuple[str, ...]
    trial: int | None
    tune: Tuning | None
    lecture_accuracy: float | None
    network: Network
    training: Training
    samples: Images | None
    seed: Seed
    images_per_epoch: ImagesPerEpoch | None
    dataset: Dataset
    precision: Precision
    steps_per_execution: StepsPerExecution
    strategy: Strategy


class Setting(NamedTuple):
    """What the trainings of a study differ in beside the seed.

    Attributes:
        network: Its name.
        varied: The variant, and the values of parameters.
        samples: The number of training images; `None`: all.
        changes: Of parameters, by dotted name.
    """

    network: str
    varied: dict[str, Any]
    samples: int | None
    changes: dict[str, Any]


def plan_trainings(parameters: ProjectParameters, wanted: Collection[str] | None = None) -> dict[str, StudyTraining]:
    """List the trainings that studies ask for.

    Args:
        parameters: As `check_parameters` returns them.
        wanted: Of which studies; `None`: of all.

    Returns:
        By name, as `sample_size-cnn-1000-1` (with 1,000 samples, seed 1) and `seeds-cnn-1`: the network's own block of
        parameters, changed as the study says. Those that are trials end in `-trial` and their number.

    Raises:
        ParameterError: A study varies what is no parameter of its networks, or asks for too many trainings. The message
            names the study.
    """
    trainings: dict[str, StudyTraining] = {}
    for name, study in parameters.studies.items():
        if wanted is not None and name not in wanted:
            continue
        _require_measure(name, study, parameters)
        for label, setting in _labelled(name, list(_settings(name, study, parameters))).items():
            block = _block_of(name, label, study, setting, parameters)
            trials = range(study.tune.trials if study.tune else 0)
            seed = study.tune.seed if study.tune else 0
            trainings |= {
                f"{label}-trial{trial}": block.model_copy(update={"trial": trial, "seed": seed}) for trial in trials
            }
            trainings |= {f"{label}-{seed}": block.model_copy(update={"seed": seed}) for seed in study.seeds}
    return trainings


def _require_measure(name: str, study: Study, parameters: ProjectParameters) -> None:
    networks = len(study.networks or parameters.networks)
    settings = (
        networks * math.prod(map(len, study.vary.values())) * (len(study.variants) or 1) * len(study.samples or [0])
    )
    count = settings * (len(study.seeds) + (study.tune.trials if study.tune else 0))
    if count > MAX_TRAININGS:
        raise ParameterError(
            f"{name} asks for {count:,} trainings; allowed: up to {MAX_TRAININGS:,}, the product of its networks, "
            "variants, values, samples and seeds, and of its trials"
        )


def _settings(name: str, study: Study, parameters: ProjectParameters) -> Iterator[Setting]:
    networks = study.networks or parameters.networks
    variants = {variant: dict(changes) for variant, changes in study.variants.items()} or {"": {}}
    only = {
        variant: _networks_of(f"{name}.variants.{variant}", changes, networks) for variant, changes in variants.items()
    }
    grid = [dict(zip(study.vary, values, strict=True)) for values in product(*study.vary.values())]
    for network, variant, values, samples in product(networks, variants, grid, study.samples or [None]):
        if network in only[variant]:
            named = {"variant": variant} if variant else {}
            yield Setting(network, named | values, samples, variants[variant] | values)


def _networks_of(where: str, changes: dict[str, Any], networks: Collection[str]) -> Collection[str]:
    """Take out of a variant the networks that it is of; one that lists none is of all."""
    only = split(changes.pop("networks", list(networks)))
    if not isinstance(only, list) or not only or not {*map(str, only)} <= {*networks}:
        raise ParameterError(f"{where}.networks is {only}; allowed: a list of any of {', '.join(networks)}")
    return only


def _labelled(study: str, settings: list[Setting]) -> dict[str, Setting]:
    """Settings by name: of what is varied, where that tells them apart and is short; else by number."""
    labels = [_label(setting.varied) for setting in settings]
    distinct = len({(setting.network, setting.samples, label) for setting, label in zip(settings, labels, strict=True)})
    if distinct < len(settings) or max(map(len, labels)) > MAX_LABEL_CHARS:
        numbers: dict[str, str] = {}
        labels = [numbers.setdefault(json.dumps(s.varied), f"setting{len(numbers) + 1}") for s in settings]
    return {
        "-".join(
            str(part) for part in (study, setting.network, label, setting.samples) if part not in (None, "")
        ): setting
        for setting, label in zip(settings, labels, strict=True)
    }


def _label(varied: dict[str, Any]) -> str:
    """What is varied in letters that a namespace and a file name may have."""
    return "-".join(re.sub(r"[^a-z0-9]+", "_", json.dumps(value).lower()).strip("_") for value in varied.values())


def _block_of(study: str, label: str, block: Study, setting: Setting, parameters: ProjectParameters) -> StudyTraining:
    classifier: Classifier = parameters.classifiers[setting.network]
    values = classifier.model_dump() | {name: getattr(parameters, name) for name in SHARED}
    values["dataset"] = parameters.dataset.model_dump()
    values |= {
        "study": study,
        "setting": label,
        "varied": setting.varied,
        "measures": block.measures,
        "trial": None,
        "tune": block.tune,
        "samples": setting.samples,
        "seed": block.seeds[0],
        "images_per_epoch": block.images_per_epoch,
    }
    training = _changed(study, values, setting.changes)
    for name, searched in (block.tune.search if block.tune else {}).items():
        if name.partition(".")[0] not in SEARCHED:
            raise ParameterError(f"{study}.tune.search names {name}; allowed: parameters in {' and '.join(SEARCHED)}")
        extremes = (searched.low, searched.high) if isinstance(searched, Range) else searched
        for value in extremes:  # each alone: what trials may be given is known before the first of them
            _changed(f"{study}.tune", values, setting.changes | {name: value})
    return training


def _changed(where: str, values: dict[str, Any], changes: Mapping[str, Any]) -> StudyTraining:
    """A training with some of its parameters changed.

    Raises:
        ParameterError: The network has no such parameter, or it cannot be that.
    """
    changed = with_changes(values, changes, where)
    try:
        return StudyTraining.model_validate(changed)
    except ValidationError as error:
        name = values["network"]["name"]
        sentences = Faults(StudyTraining, "parameter", TAGS).of(error)
        raise ParameterError("\n".join(f"{where}, {name}: {sentence}" for sentence in sentences)) from error


def with_changes(values: Mapping[str, Any], changes: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Nested values with some changed.

    Args:
        values: Not changed.
        changes: By dotted name.
        where: What a message says of where they are asked for.

    Raises:
        ParameterError: A name cannot be that of a parameter that a study may vary.
    """
    changed = {**values}
    for name, value in changes.items():
        *blocks, last = name.split(".")
        if name.split(".")[0] not in VARIABLE or name == "network.name":
            raise ParameterError(
                f"{where} names {name}; allowed: a parameter in {', '.join(VARIABLE)}, as training.epochs"
            )
        inner: Any = changed
        for part in blocks:
            found = inner.get(part)
            if not isinstance(found, Mapping):
                raise ParameterError(f"{where} names {name}; allowed: a parameter, and {part} is no block of them")
            inner[part] = {**found}
            inner = inner[part]
        inner[last] = value
    return changed


def parameter_blocks(trainings: Mapping[str, StudyTraining]) -> dict[str, dict[str, Any]]:
    """The trainings as Kedro's parameters, each in a block of its name."""
    return {name: training.model_dump(mode="json") for name, training in trainings.items()}
