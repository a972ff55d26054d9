"""How a command ends: in one sentence where the user can mend it, with its runs closed, and with what goes on."""

import errno
import os
import re
import shlex
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import click
from kedro.config import MissingConfigException
from kedro.framework.cli.utils import KedroCliError
from kedro.io import DatasetError

from convnets.harness.atomic_files import final_path
from convnets.harness.messages import UserError, one_line
from convnets.harness.signals import SIGNALLED, end_on

# How Kedro's own data sets say that they cannot read or write a file.
FAILED = re.compile(
    r"Failed while (?P<done>loading|saving) .*?filepath=(PurePosixPath\()?'?(?P<path>[^,')]+)", re.DOTALL
)

CONFIGURING = ("--params", "--conf-source")  # options that say what results are made from, beside the environment


@contextmanager
def one_sentence() -> Iterator[None]:
    """Say in one sentence, and not in a traceback, what the user can mend."""
    try:
        yield
    except UserError as error:
        notes = [f"({note})" for note in getattr(error, "__notes__", [])]
        sentences = [one_line(line) for line in str(error).split("\n")]
        raise click.ClickException(" ".join(["\n".join(sentences), *notes])) from error
    except KedroCliError as error:  # which would show where it was raised
        raise click.ClickException(one_line(error.message)) from error
    except (DatasetError, OSError, MissingConfigException) as error:
        raise click.ClickException(_sentence(error)) from error
    except Exception as error:
        if not (sentence := out_of_memory(error)):
            raise
        raise click.ClickException(sentence) from error


def out_of_memory(error: BaseException) -> str | None:
    """A sentence on what Python, NumPy or TensorFlow raise where they get no more memory; `None` of other errors."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # which is TensorFlow's
        found = f" ({cause})" if (cause := one_line(str(error).partition("\n")[0])) else ""
        return (
            f"There is not enough memory{found}: end other programs, or choose smaller batches, smaller layers or "
            "fewer images; what was finished is kept"
        )
    return out_of_memory(error.__cause__) if error.__cause__ else None


@contextmanager
def orderly_end() -> Iterator[None]:
    """Close runs first when the process is asked to end, its terminal is closed, or nobody reads what it says."""
    end_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    try:
        yield
    except (BrokenPipeError, SystemExit) as error:  # Rich makes the second of the first
        if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
            raise
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):  # Python would complain when it flushes them
            os.dup2(nowhere, stream)
        sys.exit(SIGNALLED + signal.SIGPIPE)


def _sentence(error: Exception) -> str:
    """What others say in several lines, or without the name of the file."""
    if sentence := out_of_memory(error):
        return sentence
    if isinstance(error, DatasetError) and (failed := FAILED.search(str(error))):
        cause: BaseException = error
        while cause.__cause__:
            cause = cause.__cause__
        done = "read" if failed["done"] == "loading" else "written"
        found = getattr(cause, "strerror", None) or one_line(str(cause))
        if getattr(cause, "errno", None) == errno.ENOSPC:
            found += f", there or in {tempfile.gettempdir()}, where models are put together"
        return f"{final_path(failed['path'])} cannot be {done}: {found}"
    if isinstance(error, OSError) and error.filename:
        return f"{final_path(str(error.filename))} cannot be used: {error.strerror}"
    return one_line(str(error))


def command_to_make(pipeline: str, environment: str | None) -> str:
    """The command that runs a pipeline, or several with a comma between two, as this process was told to."""
    given: list[str] = []
    for argument, following in pairwise([*sys.argv[1:], ""]):
        if argument in CONFIGURING:
            given += [argument, following]
        elif argument.startswith(tuple(f"{option}=" for option in CONFIGURING)):
            given.append(argument)
    env = ["--env", environment] if environment else []
    return shlex.join(["kedro", "run", *env, f"--{'pipelines' if ',' in pipeline else 'pipeline'}={pipeline}", *given])


def command_to_go_on() -> str:
    """The command line of this process, made to go on with what is there."""
    option = "--only-missing-outputs"
    return shlex.join(["kedro", *(argument for argument in sys.argv[1:] if argument != option), option])
