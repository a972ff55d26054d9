"""Yardstick B: the same networks, optimizer, epochs and batches in PyTorch, which needs an environment of its own.

`python benchmarks/pytorch.py cnn` prints one line of JSON: `fit_seconds` and `test_accuracy`.
"""

import argparse
import contextlib
import gzip
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

MNIST = Path(__file__).parents[1] / "data/01_raw/mnist"


def load(name: str) -> torch.Tensor:
    """Read an IDX file of bytes: (n, 28, 28) or (n,), uint8."""
    data = gzip.decompress((MNIST / f"{name}.gz").read_bytes())
    shape = np.frombuffer(data, ">u4", count=data[3], offset=4).astype(int)
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape).copy())


def fcn() -> nn.Module:
    """The fully connected network, to logits."""
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 512), nn.ReLU(), nn.Linear(512, 10))


def cnn(*, pooling: bool) -> nn.Module:
    """The convnet, with max pooling or without, to logits."""
    pool = nn.MaxPool2d(2) if pooling else nn.Identity()
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), pool),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), pool),
        *(nn.Conv2d(64, 128, 3), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(1152 if pooling else 61952, 10)),
    )


def main(network: str, seed: int, precision: str) -> None:
    """Train and evaluate a network."""
    torch.manual_seed(seed)
    train_images, train_labels = load("train-images-idx3-ubyte"), load("train-labels-idx1-ubyte").long()
    test_images, test_labels = load("t10k-images-idx3-ubyte"), load("t10k-labels-idx1-ubyte").long()
    train_images, test_images = train_images.unsqueeze(1).float() / 255, test_images.unsqueeze(1).float() / 255

    batch_size = 128 if network == "fcn" else 64
    model = fcn() if network == "fcn" else cnn(pooling=network == "cnn")
    for parameters in model.parameters():  # as Keras begins
        (nn.init.xavier_uniform_ if parameters.ndim > 1 else nn.init.zeros_)(parameters)
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)  # Keras's defaults
    half = precision == "bfloat16"

    started = time.perf_counter()
    for _ in range(5):
        for batch in torch.randperm(len(train_images)).split(batch_size):
            images = train_images[batch].contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16) if half else contextlib.nullcontext():
                logits = model(images)
            nn.functional.cross_entropy(logits.float(), train_labels[batch]).backward()
            optimizer.step()
    fit_seconds = time.perf_counter() - started

    with torch.inference_mode():
        right = sum(
            (model(images).argmax(1) == labels).sum().item()
            for images, labels in zip(test_images.split(1000), test_labels.split(1000), strict=True)
        )
    sys.stdout.write(json.dumps({"fit_seconds": fit_seconds, "test_accuracy": right / len(test_images)}) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=["fcn", "cnn", "cnn_no_pool"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    main(**vars(parser.parse_args()))
