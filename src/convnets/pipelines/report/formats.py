"""Numbers as the report writes them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from convnets.harness.messages import enumerated

SMALLEST_P = 0.0001
PERCENT = "\u00a0%"  # which no line break parts from its number


def percent(share: float) -> str:
    """A share as a percentage: 0.98765 is `98.77 %`."""
    return f"{100 * share:.2f}{PERCENT}"


def percent_range(low: float, high: float) -> str:
    """An interval of shares: `98.51 to 98.97 %`."""
    return f"{100 * low:.2f} to {100 * high:.2f}{PERCENT}"


def count(number: float) -> str:
    """A whole number, with commas between thousands."""
    return f"{round(number):,}"


def p_value(p: float) -> str:
    """A p-value with two digits that count, or that it is very small."""
    return f"< {SMALLEST_P}" if p < SMALLEST_P else f"{p:.2g}" if p < 1 else "1"


def enumeration(names: Sequence[str]) -> str:
    """Names in a sentence: `fcn, cnn and cnn_no_pool`."""
    return enumerated(names, "and")


def settings(values: Mapping[str, Any]) -> str:
    """Parameters in a line: `filters 32, 64, 128; kernel_size 3`."""
    said = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            said.append(settings({f"{name}.{inner}": setting for inner, setting in value.items()}))
        else:
            listed = value if isinstance(value, list) else [value]
            said.append(f"{name} {', '.join(or_none(item, 'null') for item in listed)}")
    return "; ".join(said)


def or_none(value: object, missing: str) -> str:
    """A setting, or what it means that there is none."""
    absent = value is None or (isinstance(value, float) and math.isnan(value))
    return missing if absent else f"{value:g}" if isinstance(value, float) else str(value)
