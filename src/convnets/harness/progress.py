"""Progress bars that can also go to a file."""

import sys
from typing import Any

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 60  # of a bar that goes to a file
SECONDS_BETWEEN_LOOKS = 0.2


def progress_bar(total: int, unit: str, description: str) -> "tqdm[Any]":
    """A progress bar on standard error.

    Args:
        total: How many there are.
        unit: Of what, in the plural.
        description: What is done.
    """
    interval = SECONDS_BETWEEN_LOOKS if sys.stderr.isatty() else SECONDS_BETWEEN_LINES
    return tqdm(total=total, desc=description, unit=f" {unit}", mininterval=interval)
