"""What is checked before anything is trained, so that nothing expensive is begun in vain."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from pydantic import BaseModel

from convnets.errors import DataError, MissingResultError
from convnets.images import ImageFolderDataset
from convnets.parameters import NETWORKS
from convnets.pipelines.classifier.nodes import build_model, reshape_images


class CheckHooks:
    """Checks what a pipeline starts from, and that networks fit the images; loads TensorFlow where networks are run."""

    def __init__(self, parameters: BaseModel) -> None:
        """Note the parameters, as `check_parameters` returns them."""
        self._parameters: Any = parameters

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Load TensorFlow, if networks are run, and check that what the pipeline starts from is there."""
        self._networks = [name for name in NETWORKS if any(node.namespace == name for node in pipeline.nodes)]
        if any(name.endswith("model") for name in pipeline.datasets()):
            with silence():
                import tensorflow  # noqa: F401
        check_results(pipeline, catalog, run_params["env"])
        check_folders(pipeline, catalog)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: np.ndarray) -> None:
        """Check that every network fits the images, before the first of them is trained."""
        if dataset_name == "train_images":
            for name in self._networks:
                network = getattr(self._parameters, name).network
                inputs, _ = reshape_images(data[:1], data[:1], network)
                build_model(inputs, network, self._parameters.dataset, self._parameters.seed)

    @hook_impl
    def on_node_error(self, error: Exception, node: Node, catalog: DataCatalog) -> None:
        """Say from which files the data sets come that a message calls by name."""
        if isinstance(error, DataError):
            for name in node.inputs:
                if name in str(error):
                    error.add_note(f"{name} is {stored_path(catalog, name)}")


def check_results(pipeline: Pipeline, catalog: DataCatalog, environment: str | None) -> None:
    """Check that the results of networks that a pipeline starts from exist.

    Args:
        pipeline: What will be run.
        catalog: Where the results are.
        environment: The configuration in which they are made; `None`: the base.

    Raises:
        MissingResultError: Some do not. The message names the networks and the commands that make them.
    """
    missing = [
        name for name in sorted(pipeline.inputs()) if name.split(".")[0] in NETWORKS and not catalog.exists(name)
    ]
    networks = [network for network in NETWORKS if any(name.split(".")[0] == network for name in missing)]
    if networks:
        options = f"--env {environment} " if environment else ""
        commands = ", ".join(f"`kedro run {options}--pipeline={network}`" for network in networks)
        raise MissingResultError(
            f"No result yet of {', '.join(networks)} ({', '.join(missing)}): run {commands} first."
        )


def check_folders(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Check that each folder of images that a pipeline starts from is there and holds a file.

    Raises:
        DatasetError: As of `ImageFolderDataset.load`.
    """
    for name in sorted(pipeline.inputs()):
        dataset = catalog.get(name)
        if isinstance(dataset, ImageFolderDataset):
            dataset.load()


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
