"""Temperature: what it does to probabilities, and whether the one that is fitted is the right one."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss

from convnets.pipelines.robustness.calibration import HIGHEST, cross_entropy, fit_temperature, scale_by_temperature


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(0).normal(scale=2, size=(20_000, 10))


@pytest.fixture
def labels(logits: np.ndarray) -> np.ndarray:
    """Of classes that are as likely as the logits say."""
    drawn: np.ndarray = (logits + np.random.default_rng(1).gumbel(size=logits.shape)).argmax(axis=1)
    return drawn


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_probabilities_are_those_of_divided_logits(logits: np.ndarray, temperature: float) -> None:
    probabilities = softmax(logits, axis=1).astype(np.float32)
    scaled = scale_by_temperature(probabilities, temperature)
    np.testing.assert_allclose(scaled, softmax(logits / temperature, axis=1), atol=1e-6)
    assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()


@pytest.mark.parametrize("temperature", [0.6, 1.0, 3.0])
def test_the_temperature_that_was_put_in_is_found(logits: np.ndarray, labels: np.ndarray, temperature: float) -> None:
    too_sure = softmax(temperature * logits, axis=1).astype(np.float32)
    assert fit_temperature(too_sure, labels) == pytest.approx(temperature, rel=0.03)


def test_cross_entropy_is_scikit_learns(logits: np.ndarray, labels: np.ndarray) -> None:
    probabilities = softmax(logits, axis=1)
    assert cross_entropy(probabilities, labels) == pytest.approx(log_loss(labels, probabilities))
    cooler = log_loss(labels, softmax(logits / 2, axis=1))
    assert cross_entropy(probabilities, labels, temperature=2) == pytest.approx(cooler)


def test_what_softmax_rounds_to_zero_is_no_infinite_loss() -> None:
    sure = np.array([[1, 0], [1, 0]], np.float32)
    assert cross_entropy(sure, np.array([0, 1])) == pytest.approx(-np.log(np.finfo(np.float32).tiny) / 2, rel=1e-6)
    assert np.isfinite(scale_by_temperature(sure, 0.05)).all()
    assert fit_temperature(sure, np.array([1, 1])) == pytest.approx(HIGHEST, rel=1e-3)
