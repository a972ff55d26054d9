"""What libraries do unasked while they are imported: write past Python to standard error, and import others."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def without(package: str) -> Iterator[None]:
    """Let imports find a package missing which they would use if it were there, and which takes long to import.

    Args:
        package: Where it was imported already, nothing is done.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # as Python's documentation of sys.modules says
    try:
        yield
    finally:
        del sys.modules[package]


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
