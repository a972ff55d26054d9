"""The Pythons that pyproject.toml names are those that are promised and tested."""

import re
import tomllib

import yaml

from support import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
VERSIONS = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if "Python :: 3." in name]


def test_the_supported_pythons_are_those_that_can_be_installed() -> None:
    first, last = ([*map(int, VERSIONS[place].split("."))] for place in (0, -1))
    assert PROJECT["requires-python"] == f">=3.{first[1]},<3.{last[1] + 1}"
    assert [f"3.{minor}" for minor in range(first[1], last[1] + 1)] == VERSIONS


def test_continuous_integration_tests_each_supported_python() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == VERSIONS
    pattern = re.search(r"sed -nE 's/(.*)/\\1/p' pyproject.toml", (ROOT / ".ci/run").read_text())
    assert pattern
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    assert [found[1] for line in lines if (found := re.fullmatch(pattern[1], line))] == VERSIONS


def test_documents_name_the_supported_pythons() -> None:
    promised = f"Python {', '.join(VERSIONS[:-1])} or {VERSIONS[-1]}"
    assert promised in (ROOT / "README.md").read_text()
    assert promised in (ROOT / "Makefile").read_text()
