"""Choose what a training of a study learns from, report it, and put the reports of all into one table."""

from typing import Any

import numpy as np
import pandas as pd

from convnets.network_parameters import Network
from convnets.pipelines.classifier.optimization import count_learned
from convnets.training_parameters import Training

REPORTED = ("parameters", "operations", "test_accuracy", "test_loss", "fit_seconds")


def balanced_order(labels: np.ndarray, seed: int) -> np.ndarray:
    """An order of samples whose prefixes are balanced: classes take turns as long as they have samples left.

    Args:
        labels: (n,), uint8.
        seed: Of the order of a class's samples, and of the classes in each turn.

    Returns:
        (n,), int64: each index once.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    shuffled = pd.Series(labels[order])
    turn = shuffled.groupby(shuffled).cumcount()
    balanced: np.ndarray = order[np.argsort(turn, kind="stable")]
    return balanced


def choose_samples(  # noqa: PLR0913 - what is chosen from, and by what
    all_pixels: np.ndarray,
    all_labels: np.ndarray,
    samples: int | None,
    seed: int,
    images_per_epoch: int | None,
    *,
    training: Training | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the training set: the first samples of a seeded, class-balanced order.

    Args:
        all_pixels: (n, height, width) or (n, height, width, channels), uint8.
        all_labels: (n,), uint8.
        samples: How many are chosen, at most n; `None`: all, as they are.
        seed: Of the order.
        images_per_epoch: A smaller training set is repeated as a whole until it has at least this many images; `None`:
            it is not.
        training: The images that its `validation_split` holds back are repeated apart from those learned from, at
            least one of the chosen; `None`: nothing is held back.

    Returns:
        Images and labels: with the same seed, a larger training set contains a smaller one.
    """
    if samples is None:
        return all_pixels, all_labels
    chosen = balanced_order(all_labels, seed)[:samples]
    shown = samples * -(-(images_per_epoch or samples) // samples)
    held_back = shown - count_learned(shown, training) if training else 0
    apart = max(samples - count_learned(samples, training), 1) if training and held_back else 0
    learned, validation = chosen[: max(samples - apart, 1)], chosen[samples - apart :]
    chosen = np.concatenate([np.resize(learned, shown - held_back), np.resize(validation, held_back)])
    return all_pixels[chosen], all_labels[chosen]


def report_training(  # noqa: PLR0913 - one argument for each thing that is reported
    *,
    metrics: dict[str, Any],
    all_labels: np.ndarray,
    network: Network,
    varied: dict[str, Any],
    samples: int | None,
    seed: int,
    settings: dict[str, Any] | None = None,
) -> pd.DataFrame:
    """The row of a training in the table of its study.

    Args:
        metrics: As `evaluate` returns them.
        all_labels: (n,), of all training images.
        network: Its `name` is used.
        varied: The variant and the values that the study varies, by parameter.
        samples: See `choose_samples`.
        seed: See `choose_samples`.
        settings: As `choose_settings` returns them, where trials have chosen any.

    Returns:
        One row: `network`, what was varied and what was chosen, `samples`, `seed`, `parameters`, `operations` (of
        the training), `test_accuracy`, `test_loss` (nats), `fit_seconds`. Where trials have chosen settings: how
        many `trials`, and the `trial_accuracy` of the best on the validation images.
    """
    row: dict[str, Any] = {"network": network.root.name} | {name: in_a_cell(value) for name, value in varied.items()}
    if settings:
        row |= {name: in_a_cell(value) for name, value in settings["chosen"].items()}
    row |= {"samples": samples or len(all_labels), "seed": seed} | {name: metrics[name] for name in REPORTED}
    if settings:
        row |= {"trials": settings["trials"], "trial_accuracy": settings["validation_accuracy"]}
    return pd.DataFrame([row])


def in_a_cell(value: Any) -> Any:
    """A value as a table has it: a list as on the command line, `16+32`."""
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else value


def gather_reports(*reports: pd.DataFrame) -> pd.DataFrame:
    """Put the rows of trainings into one table, in the order in which they are given."""
    return pd.DataFrame([report.iloc[0].to_dict() for report in reports]).astype(
        dict.fromkeys(("samples", "seed"), int)
    )
