"""Progress bars: on a terminal they move, and into a file goes a line for each, when it is done."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from shutil import get_terminal_size
from typing import Any, TypeVar

from tqdm import tqdm

from convnets.harness.signals import end_if_asked

MAX_COLUMNS = 80
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_LINES = 600  # in a file, of what is not done for so long
TENTHS_BELOW = 10  # seconds
MINUTE, HOUR = 60, 3600  # seconds
COUNTED = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{unit} [{elapsed}<{remaining}{postfix}]"
UNEVEN = "{desc}: {percentage:3.0f}%|{bar:10}| {n_fmt}/{total_fmt}{unit} [{elapsed}{postfix}]"

T = TypeVar("T")


class Bar:
    """What is done of a number of things, on standard error."""

    def __init__(self, total: int, unit: str, description: str, *, even: bool = True) -> None:
        """Show it.

        Args:
            total: How many there are.
            unit: Of what, in the plural.
            description: What is done.
            even: Whether one takes as long as another, so that what remains can be told.
        """
        self.total = total
        self.done = 0
        self.result = ""
        self._unit = unit
        self._description = description
        self._said = self._started = time.monotonic()
        self._shown: tqdm[Any] | None = None
        if sys.stderr.isatty():
            self._shown = tqdm(
                total=total,
                desc=description,
                unit=f" {unit}",
                bar_format=COUNTED if even else UNEVEN,
                ncols=min(get_terminal_size().columns, MAX_COLUMNS) - 1,  # a full line would begin another
                mininterval=SECONDS_BETWEEN_LOOKS,
                leave=False,
            )

    def advance(self, done: int = 1, doing: str | None = None) -> None:
        """Count what is done, and end here if a signal has asked for that.

        Args:
            done: How many more.
            doing: What is known beside, or done next; `None`: as before.
        """
        end_if_asked()
        self.done += done
        if self._shown is not None:
            if doing is not None:
                self._shown.set_postfix_str(doing, refresh=False)
            self._shown.update(done)
            if doing is not None:
                self._shown.refresh()
        elif time.monotonic() - self._said > SECONDS_BETWEEN_LINES:
            self._said = time.monotonic()
            took = duration(self._said - self._started)
            self._say(f"{self.done:,} of {self.total:,} {self._unit} in {took}")

    def finish(self) -> None:
        """Leave a line in the place of the bar: its `result`, or how many there were; and how long it took."""
        self.abandon()
        what = f"{self.result}, " if self.result else f"{self.done:,} {self._unit} in "
        self._say(what + duration(time.monotonic() - self._started))

    def abandon(self) -> None:
        """Take the bar away, and leave nothing."""
        if self._shown is not None:
            self._shown.close()

    def _say(self, what: str) -> None:
        tqdm.write(f"{self._description}: {what}", file=sys.stderr)
        sys.stderr.flush()


@contextmanager
def progress_bar(total: int, unit: str, description: str) -> Iterator[Bar]:
    """A bar that is finished at the end, and abandoned where that is not reached. Arguments as of `Bar`."""
    bar = Bar(total, unit, description)
    try:
        yield bar
    except BaseException:
        bar.abandon()
        raise
    bar.finish()


def each(items: Sequence[T], unit: str, description: str) -> Iterator[T]:
    """Go through items with a bar.

    Args:
        items: What is gone through.
        unit: What they are, in the plural.
        description: What is done with them.

    Yields:
        Each item.
    """
    with progress_bar(len(items), unit, description) as bar:
        for item in items:
            yield item
            bar.advance()


def between_bars() -> AbstractContextManager[None]:
    """For what is printed while there may be bars: it goes above them."""
    return tqdm.external_write_mode(file=sys.stdout)


def duration(seconds: float) -> str:
    """How long something took: `4.3 s`, `40 s`, `3 min 12 s`, `1 h 40 min`."""
    whole = round(seconds)
    if round(seconds, 1) < TENTHS_BELOW:
        return f"{seconds:.1f} s"
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
