"""Signals that ask a process to end: what they raise is raised again where a library has swallowed it.

Python raises in whatever the main thread does. There may be `except:` around it (Keras has one where it saves a model,
fsspec one where it looks for a file), or it is a `__del__`, and Python reports what is raised there and goes on.
"""

import signal
from typing import Any

SIGNALLED = 128  # and the signal's number: the exit status of one that ended itself on a signal

_received: list[int] = []  # in their order


def end_on(*numbers: int) -> None:
    """Raise when one of these signals comes, and forget those that came before. One that is ignored stays ignored.

    Args:
        numbers: SIGINT raises `KeyboardInterrupt`, others `SystemExit`.
    """
    _received.clear()
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, _note_and_raise)


def end_if_asked() -> None:
    """Raise again what the first signal raised. What takes long calls this at every step.

    Raises:
        KeyboardInterrupt: SIGINT came.
        SystemExit: Another one came.
    """
    if _received:
        raise KeyboardInterrupt if _received[0] == signal.SIGINT else SystemExit(SIGNALLED + _received[0])


def _note_and_raise(number: int, _frame: Any) -> None:
    _received.append(number)
    end_if_asked()
