"""Libraries are kept from what they do unasked while they are imported."""

import importlib
import sys

import pytest

from convnets.harness.quiet import without


def test_a_package_is_missing_for_a_while_and_then_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with without("wave"), pytest.raises(ImportError):
        importlib.import_module("wave")
    assert importlib.import_module("wave").open


def test_a_package_that_is_in_use_stays() -> None:
    with without("pytest"):
        assert importlib.import_module("pytest") is pytest
