"""Bars: on a terminal they move within its width, and in a file each is one line."""

import fcntl
import os
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from convnets.harness import progress
from convnets.harness.progress import Bar, between_bars, duration, each, progress_bar

COLUMNS = 80
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, do: Callable[[], None]) -> list[str]:
    """What is shown, line by line, on a terminal of 80 columns that is standard output and error."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    shown = bytearray()

    def read() -> None:
        with suppress(OSError):
            while chunk := os.read(ours, 1024):
                shown.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
        patch.setenv("COLUMNS", str(COLUMNS))
        patch.setattr(sys, "stderr", terminal)
        patch.setattr(sys, "stdout", terminal)
        do()
    reader.join(timeout=10)
    os.close(ours)
    return re.split(r"[\r\n]+", ESCAPES.sub("", shown.decode()))


def test_into_a_file_goes_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(each(["a", "b", "c"], "shifts", "cnn reads shifted images")) == ["a", "b", "c"]
    with progress_bar(938, "batches", "cnn epoch 1/5") as bar:
        bar.advance(938)
        bar.result = "accuracy 0.9889, loss 0.0381"
    said = capsys.readouterr().err
    assert "\r" not in said
    first, second = said.splitlines()
    assert re.fullmatch(r"cnn reads shifted images: 3 shifts in 0\.\d s", first)
    assert re.fullmatch(r"cnn epoch 1/5: accuracy 0\.9889, loss 0\.0381, 0\.\d s", second)


def test_into_a_file_goes_a_line_now_and_then_of_what_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1)
    with progress_bar(2, "tasks", "on Dask") as bar:
        bar.advance()
        bar.advance()
    assert [line.partition(" in ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "on Dask: 1 of 2 tasks",
        "on Dask: 2 of 2 tasks",
        "on Dask: 2 tasks",
    ]


def test_what_is_broken_off_leaves_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with suppress(KeyboardInterrupt), progress_bar(2, "shifts", "cnn") as bar:
        bar.advance()
        raise KeyboardInterrupt
    assert capsys.readouterr().err == ""


def test_bars_fit_80_columns_and_end_as_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> None:
        steps = Bar(87, "steps", "convnets", even=False)
        steps.advance(17, doing="cnn_no_pool.find_exciting_images_and_more")
        with progress_bar(60_000, "batches", "cnn_no_pool epoch 10/20") as bar:
            bar.advance(30_000, doing="running 2, failed 0")
        with between_bars():
            sys.stdout.write("a line\n")
        steps.advance(70)
        steps.finish()

    lines = shown_on_a_terminal(monkeypatch, run)
    assert max(map(len, lines)) < COLUMNS
    assert any(line.startswith("convnets:  20%|") and "| 17/87 steps [00:00, cnn_no_pool" in line for line in lines)
    assert any(line.startswith("cnn_no_pool epoch 10/20:  50%|") and "30000/60000 batches" in line for line in lines)
    assert "a line" in lines
    left = [line.partition(" in ")[0] for line in lines if " in " in line]
    assert left == ["cnn_no_pool epoch 10/20: 30,000 batches", "convnets: 87 steps"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.97, "10 s"), (59.6, "1 min 0 s"), (192, "3 min 12 s"), (6000, "1 h 40 min")],
)
def test_how_long_something_took_is_said_in_two_numbers(seconds: float, said: str) -> None:
    assert duration(seconds) == said
