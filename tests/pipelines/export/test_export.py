"""Networks as ONNX and LiteRT: what other programs read of them agrees with Keras, or nothing is written."""

from pathlib import Path

import keras
import numpy as np
import pytest
from kedro.io import DataCatalog

from convnets import checks
from convnets.harness.experiment import PlannedRun
from convnets.harness.messages import DataError, UserError
from convnets.parameters import NETWORKS
from convnets.pipelines.export import create_pipeline, nodes


@pytest.mark.parametrize("of", [float("nan"), 2e-4])
def test_what_says_something_else_than_keras_is_refused(of: float, monkeypatch: pytest.MonkeyPatch) -> None:
    untrained = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, "softmax")])
    images = np.random.default_rng(1).random((30, 28, 28), np.float32)
    onnx, litert, row = nodes.export_network(images, fcn=untrained)
    assert (len(onnx), len(litert)) == (row["onnx_bytes"], row["litert_bytes"])
    assert (row["network"], row["test_images"], row["onnx_other_answers"], row["litert_other_answers"]) == (
        *("fcn", 30),
        *(0, 0),
    )
    run_litert = nodes._run_litert
    monkeypatch.setattr(nodes, "_run_litert", lambda content: lambda batch: run_litert(content)(batch) + of)
    with pytest.raises(DataError, match=r"fcn as litert gives probabilities that differ by up to .* at most 0\.0001"):
        nodes.export_network(images, fcn=untrained)


def test_without_the_extra_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda package: None if package == "tf2onnx" else package)
    run = PlannedRun(create_pipeline(["cnn"]), DataCatalog(), None, Path(), NETWORKS)
    with pytest.raises(UserError, match="needs tf2onnx, not installed here; expected with the extra export"):
        checks.check_extras(run)
