"""What can be wrong with what a user gives: each becomes one sentence on the terminal and a non-zero exit status."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_NAMES = 12  # of names in a message
MAX_SHOWN_CHARS = 80  # characters of others that a message repeats


class UserError(ValueError):
    """The user can mend it: the message names the culprit, what was found and what is allowed."""


class ParameterError(UserError):
    """A parameter is unknown, of the wrong type or out of range."""


class DataError(UserError):
    """The data contradicts itself or the parameters. The message calls data sets by their names in the catalog."""


class MissingResultError(UserError):
    """A result that a pipeline starts from has not been made yet."""


class ChangedResultError(UserError):
    """A result that a pipeline starts from is not as a run has left it."""


class OutputError(UserError):
    """Results cannot be written where they shall go."""


class SettingError(UserError):
    """A setting of the configuration beside the parameters is unknown, missing or of the wrong type."""


class ImageError(UserError):
    """One of several images cannot be used: it is left out and the message, a whole sentence, is reported."""


class TrackingError(UserError):
    """The MLflow store cannot be used."""


class ScalingError(UserError):
    """Dask cannot run the pipeline, or some of its namespaces failed there."""


def unknown(kind: str, name: str, known: Iterable[str], prefix: str = "") -> str:
    """One sentence on a name that does not exist, with the nearest that does and those that are allowed.

    Args:
        kind: What is named: a parameter, a pipeline.
        name: The name that was found.
        known: The names that are allowed; of many only the most similar are told.
        prefix: What stands before each name.
    """
    allowed = sorted(known)
    nearest = get_close_matches(name, allowed, n=1)
    question = f"did you mean {prefix}{nearest[0]}? " if nearest else ""
    similar = get_close_matches(name, allowed, n=MAX_NAMES, cutoff=0) if len(allowed) > MAX_NAMES else allowed
    more = f" and {len(allowed) - len(similar)} more" if len(allowed) > len(similar) else ""
    found = shortened(name) or "''"
    return f"There is no {kind} {prefix}{found}: {question}Allowed here: {', '.join(similar) or 'none'}{more}."


def shortened(text: str) -> str:
    """A text of others in one line, cut where a message would become too long."""
    line = one_line(text)
    return line if len(line) <= MAX_SHOWN_CHARS else f"{line[:MAX_SHOWN_CHARS]}..."


def one_line(text: str) -> str:
    """A text of others in one line: line breaks become spaces, and what cannot be printed is spelt out."""
    line = " ".join(text.split())
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)
