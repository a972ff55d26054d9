"""What studies would train, said beforehand: how many trainings, and how long they would take."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from convnets.parameters import ProjectParameters
from convnets.studies import StudyTraining
from convnets.study_parameters import Study

ROUGHLY = 60_000, 10_000  # images of a data set; and of those, how many the lecture's convnet learns from in a second
SECONDS_AROUND_TRAINING = 4.0  # of a training: what is loaded, built, tested and saved


def forecast(parameters: ProjectParameters, trainings: Mapping[str, StudyTraining], outputs: Path) -> list[str]:
    """Say of each study what it would train, and how long that would take one after the other.

    Args:
        parameters: As `check_parameters` returns them.
        trainings: Of the studies that are asked for.
        outputs: The folder of results, where logs of earlier trainings say how fast this machine learns.
    """
    lines = []
    for name, study in parameters.studies.items():
        planned = [training for training in trainings.values() if training.study == name]
        if planned:
            trials = sum(training.trial is not None for training in planned)
            before = f", and {counted(trials, 'trial')} before them" if trials else ""
            lines.append(
                f"{name}: {counted(len(planned) - trials, 'training')} "
                f"({_product(study, parameters, planned)}){before}; {_duration(planned, outputs)}"
            )
    return lines


def _product(study: Study, parameters: ProjectParameters, planned: Sequence[StudyTraining]) -> str:
    """What a study combines, as `3 networks x 5 seeds`."""
    if any("networks" in changes for changes in study.variants.values()):  # not all networks with all variants
        settings = {training.setting for training in planned}
        return f"{counted(len(settings), 'setting')} x {counted(len(study.seeds), 'seed')}"
    parts = [counted(len(study.networks or parameters.networks), "network")]
    parts += [counted(len(study.variants), "variant")] if study.variants else []
    parts += [f"{counted(len(values), 'value')} of {name}" for name, values in study.vary.items()]
    parts += [counted(len(study.samples), "size")] if study.samples else []
    return " x ".join([*parts, counted(len(study.seeds), "seed")])


def counted(count: int, name: str) -> str:
    """`1 seed`, `3 seeds`."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _duration(planned: Sequence[StudyTraining], outputs: Path) -> str:
    """How long trainings would take, by how fast their networks have learned before."""
    networks = dict.fromkeys(training.network.root.name for training in planned)
    speeds = {network: _speed(network, planned[0].study, outputs) for network in networks}
    seconds = 0.0
    for training in planned:
        network = training.network.root.name
        speed = speeds[network]
        if speed is None:
            return f"how long that takes is not known before {network} has been trained"
        images = training.samples or training.dataset.train_samples or speed.images
        images = max(images, training.images_per_epoch or 0)
        seconds += SECONDS_AROUND_TRAINING + training.training.epochs * images / speed.images_per_second
    return f"about {counted(max(round(seconds / 60), 1), 'minute')} one after the other"


def rough_seconds(training: StudyTraining) -> float:
    """How long a training takes, whatever its network: for a choice that must not depend on logs."""
    images, images_per_second = ROUGHLY
    shown = max(training.samples or training.dataset.train_samples or images, training.images_per_epoch or 0)
    return SECONDS_AROUND_TRAINING + training.training.epochs * shown / images_per_second


class Speed(NamedTuple):
    """How fast a network has learned: images of an epoch, and images a second."""

    images: float
    images_per_second: float


def _speed(network: str, study: str, outputs: Path) -> Speed | None:
    """By the network's own log or, without one, that of a training of the study; `None` if there is neither."""
    models = outputs / "06_models"
    for log in (models / f"{network}.training_log.csv", *sorted(models.glob(f"{study}/{network}-*.training_log.csv"))):
        try:
            epochs = pd.read_csv(log)
            speed = float(epochs["images_per_second"].median())
            return Speed(float((epochs["images_per_second"] * epochs["epoch_seconds"]).median()), speed)
        except (OSError, LookupError, ValueError):
            continue
    return None
