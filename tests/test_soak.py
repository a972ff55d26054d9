"""A process that trains network after network holds no more memory after the last than after the first few."""

import json
import subprocess
import sys

import pytest

from support import ROOT

TRAININGS, SETTLED = 12, 4
GROWTH = 30_000_000  # bytes; a network that is not let go costs 5 to 10 million


@pytest.mark.slow
def test_a_short_soak_finds_memory_level() -> None:
    soak = [sys.executable, str(ROOT / "benchmarks" / "soak.py"), "--count", str(TRAININGS)]
    output = subprocess.run(soak, capture_output=True, text=True, check=True, timeout=120).stdout  # noqa: S603 - the project's own
    held = json.loads(output.splitlines()[-1])["resident_bytes"]
    assert len(held) == TRAININGS
    assert held[-1] - held[SETTLED - 1] < GROWTH
