"""Make a network as sure as it is right: its probabilities are softened, or sharpened, by one number."""

import numpy as np

LOWEST, HIGHEST = 0.05, 20.0  # temperatures that are looked at
SMALLEST = float(np.finfo(np.float32).tiny)  # what softmax makes of less may be 0


def scale_by_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities that a network would give if its logits were divided by a temperature.

    Logarithms of probabilities are logits but for a constant, which softmax takes no notice of.

    Source: C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        probabilities: (n, classes).
        temperature: Above 1 the network becomes less sure, below it more.

    Returns:
        (n, classes), float64. The order of the classes is as it was.
    """
    scaled: np.ndarray = np.exp(_log_scaled(probabilities, temperature))
    return scaled


def _log_scaled(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    from scipy.special import log_softmax

    logits = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
    scaled: np.ndarray = log_softmax(logits / temperature, axis=1)
    return scaled


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> float:
    """The mean cross-entropy in nats.

    Args:
        probabilities: (n, classes).
        labels: (n,), whole numbers.
        temperature: See `scale_by_temperature`.

    Returns:
        0 or more; finite, since a probability counts as at least the smallest normal float32.
    """
    logarithms = _log_scaled(probabilities, temperature)
    return float(-logarithms[np.arange(len(labels)), labels].mean())


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature with the least cross-entropy on images from which a network has not learned.

    Args:
        probabilities: (n, classes), of these images; n is 1 or more.
        labels: (n,), whole numbers.

    Returns:
        The temperature, from `LOWEST` to `HIGHEST`.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda logarithm: cross_entropy(probabilities, labels, np.exp(logarithm)),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
    )
    return float(np.exp(found.x))
