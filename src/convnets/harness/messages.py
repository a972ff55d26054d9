"""What can be wrong with what a user gives: each becomes one sentence on the terminal and a non-zero exit status."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MAX_NAMES = 12  # of names in a message
MIN_BEGINNING_CHARS = 2  # of a name that is taken for the beginning of another
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


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant: the shortest that begins so, or else one of similar letters."""
    folded = {other.casefold(): other for other in sorted(known, reverse=True)}
    wanted = name.casefold()
    longer = [other for other in folded if other.startswith(wanted)] if len(name) >= MIN_BEGINNING_CHARS else []
    found = sorted(longer, key=lambda other: (len(other), other)) or get_close_matches(wanted, folded, n=1)
    return folded[found[0]] if found else None


def unknown(kind: str, name: str, known: Iterable[str], prefix: str = "", elsewhere: Sequence[str] = ()) -> str:
    """One sentence on a name that does not exist, with the nearest that does and those that are allowed.

    Args:
        kind: What is named: a parameter, a pipeline.
        name: The name that was found.
        known: The names that are allowed; of many only the most similar are told.
        prefix: What stands before each name.
        elsewhere: Whole names that end like this one, which are proposed instead of the nearest.
    """
    allowed = sorted(known)
    nearest = nearest_name(name, allowed)
    meant = either(elsewhere) or (f"{prefix}{nearest}" if nearest else "")
    question = f"did you mean {meant}? " if meant else ""
    many = len(allowed) > MAX_NAMES
    similar = get_close_matches(name.casefold(), allowed, n=MAX_NAMES, cutoff=0) if many else allowed
    more = f" and {len(allowed) - len(similar)} more" if len(allowed) > len(similar) else ""
    found = shortened(name) or "''"
    return f"There is no {kind} {prefix}{found}: {question}Allowed here: {', '.join(similar) or 'none'}{more}."


def either(choices: Iterable[str]) -> str:
    """`a, b or c`; of no choices nothing."""
    return enumerated(choices, "or")


def enumerated(names: Iterable[str], conjunction: str) -> str:
    """Names in a sentence, as `a, b and c`; of no names nothing."""
    *others, last = (*names,) or ("",)
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def shortened(text: str) -> str:
    """A text of others in one line, cut where a message would become too long."""
    line = one_line(text)
    return line if len(line) <= MAX_SHOWN_CHARS else f"{line[:MAX_SHOWN_CHARS]}..."


def one_line(text: str) -> str:
    """A text of others in one line: line breaks become spaces, and what cannot be printed is spelt out."""
    line = " ".join(text.split())
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)
