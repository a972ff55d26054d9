"""Read what students answer, in whatever form, and compare it with what is right and with usual mistakes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

NO_ANSWER = "No answer yet: put yours in the place of the three dots, and run the cell again."
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")  # 18,496
PER_CENT = 100
FRACTION = re.compile(r"(\d+) ?/ ?([1-9]\d*)")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, repr=False)
class Feedback:
    """What a check says.

    Attributes:
        right: Whether the answer is right.
        text: Why it is, or where to look next.
    """

    right: bool
    text: str

    def __repr__(self) -> str:
        """What a notebook shows."""
        return self.text


class UnreadableError(ValueError):
    """An answer that is no number and no array of numbers."""


def praise(text: str) -> Feedback:
    """The feedback to a right answer."""
    return Feedback(right=True, text=f"Right. {text}")


def hint(text: str) -> Feedback:
    """The feedback to a wrong answer."""
    return Feedback(right=False, text=f"Not yet. {text}")


def checked(check: Callable[..., Feedback]) -> Callable[..., Feedback]:
    """Let a check say so where there is no answer yet, or none that it can read."""

    @wraps(check)
    def answer(*answers: Any, **named: Any) -> Feedback:
        if any(is_empty(value) for value in [*answers, *named.values()]):
            return Feedback(right=False, text=NO_ANSWER)
        try:
            return check(*answers, **named)
        except UnreadableError as error:
            return hint(str(error))

    return answer


def is_empty(answer: Any) -> bool:
    """Whether an answer, or a part of one, is still `None` or `...`."""
    if isinstance(answer, list | set):
        return not answer or any(is_empty(part) for part in answer)
    if isinstance(answer, tuple):  # Keras's shapes begin with None, the batch
        return not answer or any(is_empty(part) for part in answer[1:]) or answer[0] is ...
    if isinstance(answer, Mapping):
        return any(is_empty(part) for part in answer.values())
    return answer is None or answer is ... or (isinstance(answer, str) and answer.strip() in ("", "..."))


def as_numbers(answer: Any) -> np.ndarray:
    """Read an answer as an array of numbers.

    Args:
        answer: A number, a text as `"26 x 26"`, `"18,496"`, `"9/10"` or `"90 %"`, a dictionary, or whatever NumPy makes
            an array of; a tuple may begin with `None`, the batch.

    Returns:
        float64, without axes of length 1; a single number has none.

    Raises:
        UnreadableError: It is not made of numbers, or its rows differ in length.
    """
    if isinstance(answer, str):
        text = FRACTION.sub(lambda match: str(int(match[1]) / int(match[2])), THOUSANDS.sub("", answer))
        answer = [float(number) for number in NUMBER.findall(text)]
        if not answer:
            raise UnreadableError("This was not understood as numbers: write 3, or [1, 2].")
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, tuple) and answer[0] is None:
        answer = answer[1:]
    if isinstance(answer, list | tuple) and any(isinstance(part, str) for part in answer):
        answer = [as_numbers(part) for part in answer]
    try:
        return np.squeeze(np.asarray(answer, np.float64))
    except (TypeError, ValueError) as error:
        raise UnreadableError(
            "This was not understood as numbers: write 3, or [1, 2], or rows of equal length as [[1, 2], [3, 4]]."
        ) from error


def same(found: np.ndarray, expected: Any, tolerance: float = 1e-6) -> bool:
    """Whether two arrays have the same shape, axes of length 1 apart, and values."""
    other = np.squeeze(np.asarray(expected, np.float64))
    return found.shape == other.shape and bool(np.allclose(found, other, rtol=0, atol=tolerance))


def judge(
    found: np.ndarray,
    expected: Any,
    mistakes: Sequence[tuple[Any, str]],
    *,
    otherwise: str,
    tolerance: float = 1e-6,
) -> str | None:
    """Explain a wrong answer.

    Args:
        found: The answer, as `as_numbers` returns it.
        expected: What is right.
        mistakes: What usual mistakes lead to, each with a sentence that leads on.
        otherwise: The sentence for any other wrong answer.
        tolerance: By which values may differ.

    Returns:
        The sentence; `None`: the answer is right.
    """
    if same(found, expected, tolerance):
        return None
    return next((sentence for value, sentence in mistakes if same(found, value, tolerance)), otherwise)


def as_share(answer: Any) -> float:
    """Read a share: 0.9, `"90 %"` and 90 (per cent) are the same.

    Raises:
        UnreadableError: It is not one number.
    """
    number = as_numbers(answer)
    if number.ndim:
        raise UnreadableError("One number is expected here, such as 0.5.")
    per_cent = (isinstance(answer, str) and "%" in answer) or 1 < number <= PER_CENT
    return float(number) / PER_CENT if per_cent else float(number)
