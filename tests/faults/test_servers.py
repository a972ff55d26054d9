"""What a server has started ends with it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest
from mlflow import MlflowClient

from support import ROOT, Project, free_port, wait_until


def listens(port: int) -> bool:
    with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["viz", "mlflow"])
def test_a_verb_that_is_ended_leaves_no_server(new_project: Callable[[], Project], verb: str) -> None:
    project = new_project()
    MlflowClient(project.store).create_experiment("convnets")
    kedro, installed, port = project.path / "bin" / "kedro", project.path / "installed", free_port()
    kedro.parent.mkdir()
    kedro.write_text(f'#!/bin/sh\nexec {sys.executable} -m kedro "$@"\n')
    kedro.chmod(0o755)
    (kedro.parent / "python").symlink_to(sys.executable)
    installed.touch()
    places = [f"BIN={kedro.parent}", f"INSTALLED={installed}", f"PORT_VIZ={port}", f"PORT_MLFLOW={port}"]
    make = subprocess.Popen(  # noqa: S603
        ["make", "--file", str(ROOT / "Makefile"), "--old-file", str(installed), verb, *places],  # noqa: S607
        cwd=project.path,
        env=os.environ | {"PYTHONPATH": str(project.path / "src"), "BROWSER": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: listens(port), seconds=90)
    finally:
        make.send_signal(signal.SIGTERM)
        status = make.wait(timeout=30)
    assert status != 0
    wait_until(lambda: not listens(port), seconds=10)
