"""Commit, versions, machine and time: what a page says of how it was made, and what it leaves out."""

import getpass
import platform
import re
from importlib.metadata import version
from pathlib import Path

import pytest

from convnets.harness import circumstances
from convnets.harness.circumstances import describe_circumstances, git_commit


def test_it_says_when_where_and_with_what() -> None:
    found = describe_circumstances(["keras", "not-installed"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", found["time"])
    assert found["versions"] == f"Python {platform.python_version()}, keras {version('keras')}, not-installed none"
    assert re.search(r", \d+ cores?, \d+ GiB of memory, Linux on \w+$", found["machine"])
    assert found["commit"] in {git_commit(Path(__file__).parent), "not in a git checkout"}


def test_it_names_neither_the_machine_nor_its_user() -> None:
    said = " ".join(describe_circumstances([]).values())
    assert platform.node() not in said.split()
    assert getpass.getuser() not in said.split()
    assert str(Path.home()) not in said


def test_a_machine_that_does_not_say_its_processor_has_an_architecture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    information = tmp_path / "cpuinfo"
    monkeypatch.setattr(circumstances, "PROCESSOR", information)
    without = describe_circumstances([])["machine"]
    assert without.partition(",")[0] in {platform.processor(), platform.machine()}
    information.write_text("processor\t: 0\nmodel name\t: Fast: 3 GHz\n")
    assert describe_circumstances([])["machine"].startswith("Fast: 3 GHz, ")
