"""Trains small networks in one process, one after the other, and says what memory the process holds after each.

`make soak` prints a table. Every training goes through the project's own nodes, from the network's weights to its
predictions.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import yaml

from convnets.datasets.idx import IDXDataset
from convnets.harness.quiet import silence
from convnets.parameters import check_parameters
from convnets.pipelines.classifier import evaluation, nodes
from convnets.pipelines.preparation.nodes import normalize_images

ROOT = Path(__file__).parents[1]
NETWORKS = ("fcn", "cnn")
LEVELS = (10, 50, 100, 200)
SMALL = {"train": 1000, "t10k": 200}

Part = tuple[np.ndarray, np.ndarray]


def load(part: str) -> Part:
    """The first images and labels of a part of MNIST."""
    folder = ROOT / "data" / "01_raw" / "mnist"
    images = IDXDataset(filepath=str(folder / f"{part}-images-idx3-ubyte.gz"), dimensions=3).load()
    labels = IDXDataset(filepath=str(folder / f"{part}-labels-idx1-ubyte.gz"), dimensions=1).load()
    return normalize_images(images[: SMALL[part]].copy()), labels[: SMALL[part]].copy()


def resident_bytes() -> int:
    """The memory that the process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def trainings(count: int) -> Iterator[int]:
    """Train so many networks, the kinds in turn, each with a seed of its own.

    Yields:
        The memory held after each, in bytes.
    """
    parameters: Any = check_parameters(yaml.safe_load((ROOT / "conf" / "base" / "parameters.yml").read_text()))
    data = load("train"), load("t10k")
    for seed in range(count):
        train(NETWORKS[seed % len(NETWORKS)], parameters, data, seed)
        yield resident_bytes()


def train(network: str, parameters: Any, data: tuple[Part, Part], seed: int) -> None:
    """An epoch, and the predictions."""
    (train_images, train_labels), (test_images, test_labels) = data
    settings = getattr(parameters, network)
    training = settings.training.model_copy(update={"epochs": 1})
    train_inputs, test_inputs = nodes.reshape_images(train_images, test_images, settings.network)
    untrained = nodes.build_model(train_inputs, settings.network, parameters.dataset, seed)
    compiled = nodes.compile_model(untrained, training, parameters.precision, parameters.steps_per_execution)
    start = nodes.start_or_resume(compiled, training, None)
    ((_, checkpoint),) = nodes.train(start, train_inputs, train_labels, training, seed)
    model, _ = nodes.finish_training(checkpoint, checkpoint.log, untrained)
    evaluation.predict(model, test_inputs, test_labels)


@click.command()
@click.option("--count", default=200, show_default=True, help="How many trainings.")
def main(count: int) -> None:
    """Train, and print the memory after some of the trainings, and after all of them in a line of JSON."""
    held: list[int] = []
    with silence():  # of TensorFlow and of progress bars
        for resident in trainings(count):
            held.append(resident)
            if len(held) in LEVELS:
                click.echo(f"after {len(held)} trainings: {resident / 1e6:,.0f} MB")
    settled = held[LEVELS[0] - 1 :]
    if len(settled) > 1:
        slope = np.polyfit(range(len(settled)), settled, 1)[0]
        click.echo(f"slope after the first {LEVELS[0]}: {slope / 1e3:+,.0f} kB a training")
    sys.stdout.write(json.dumps({"resident_bytes": held}) + "\n")


if __name__ == "__main__":
    main()
