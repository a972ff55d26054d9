"""What the verbs of the Makefile say where they cannot do what they are for."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT


@pytest.mark.parametrize("verb", ["viz", "playground", "lab"])
def test_on_a_busy_port_the_variable_is_named(tmp_path: Path, verb: str) -> None:
    environment = tmp_path / "environment"
    environment.mkdir()
    there = [environment / ".installed", environment / ".jupyterlab"]  # nothing is to be installed
    for file in there:
        file.touch()
    old = [argument for file in there for argument in ("--old-file", str(file))]
    name = f"PORT_{verb.upper()}"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        places = [f"VENV={environment}", f"BIN={Path(sys.executable).parent}", f"{name}={port}"]
        made = subprocess.run(  # noqa: S603
            ["make", "--no-print-directory", "--file", str(ROOT / "Makefile"), *old, verb, *places],  # noqa: S607
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert made.returncode != 0
    assert made.stdout == ""
    assert made.stderr.startswith(f"Port {port} cannot be used: choose another, make {verb} {name}=")
