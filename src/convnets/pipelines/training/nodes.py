"""Choose the training set of a training run, report the run, and summarize all runs of a study."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from convnets.parameters import NETWORKS, Network

CONFIDENCE = 0.95
REPORTED = ("test_accuracy", "test_loss", "fit_seconds")


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


def choose_samples(
    all_pixels: np.ndarray, all_labels: np.ndarray, samples: int | None, seed: int, images_per_epoch: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the training set: the first samples of a seeded, class-balanced order.

    Args:
        all_pixels: (n, height, width), uint8.
        all_labels: (n,), uint8.
        samples: How many are chosen, at most n; `None`: all, as they are.
        seed: Of the order.
        images_per_epoch: A smaller training set is repeated as a whole until it has at least this many images; `None`:
            it is not.

    Returns:
        Images and labels: with the same seed, a larger training set contains a smaller one.
    """
    if samples is None:
        return all_pixels, all_labels
    chosen = balanced_order(all_labels, seed)[:samples]
    chosen = np.tile(chosen, -(-(images_per_epoch or samples) // samples))
    return all_pixels[chosen], all_labels[chosen]


def report_training(metrics: dict[str, Any], network: Network, samples: int | None, seed: int) -> pd.DataFrame:
    """The row of a training run in the table of its study.

    Args:
        metrics: As `evaluate` returns them.
        network: Its `name` is used.
        samples: See `choose_samples`.
        seed: See `choose_samples`.

    Returns:
        One row: `network`, `samples`, `seed`, `test_accuracy`, `test_loss` (nats), `fit_seconds`.
    """
    row = {"network": network.root.name, "samples": samples, "seed": seed, **{name: metrics[name] for name in REPORTED}}
    return pd.DataFrame([row])


def gather_reports(*reports: pd.DataFrame) -> pd.DataFrame:
    """Put the rows of all training runs of a study into one table.

    Args:
        *reports: As `report_training` returns them.

    Returns:
        A row for each training run, in the order of networks, samples and seeds; `samples` only where they were chosen.
    """
    table = pd.DataFrame([report.iloc[0].to_dict() for report in reports])
    order = table.assign(network=table["network"].map(NETWORKS.index))
    table = table.loc[order.sort_values(["network", "samples", "seed"]).index].reset_index(drop=True)
    return table.drop(columns="samples") if table["samples"].isna().all() else table.astype({"samples": int})


def summarize_trainings(trainings: pd.DataFrame) -> pd.DataFrame:
    """The mean test accuracy over seeds, with its 95 % interval by Student's t distribution.

    Source: Student, "The Probable Error of a Mean", Biometrika 1908.

    Args:
        trainings: As `gather_reports` returns them.

    Returns:
        A row for each network, and number of samples where there are several: `network`, `samples`, `trainings`,
        `test_accuracy` (the mean), `test_accuracy_sd` (the sample's standard deviation), `test_accuracy_low`,
        `test_accuracy_high`.
    """
    by = [name for name in ("network", "samples") if name in trainings]
    accuracies = trainings.groupby(by, sort=False)["test_accuracy"]
    summary = accuracies.agg(trainings="size", test_accuracy="mean", test_accuracy_sd="std").reset_index()
    standard_error = summary["test_accuracy_sd"] / np.sqrt(summary["trainings"])
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, summary["trainings"] - 1) * standard_error
    summary["test_accuracy_low"] = summary["test_accuracy"] - reach
    summary["test_accuracy_high"] = summary["test_accuracy"] + reach
    return summary
