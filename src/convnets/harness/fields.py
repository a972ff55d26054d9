"""Types of parameters and settings, for Pydantic. The description of each says what is allowed: messages repeat it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

MAX_SEED = 2**32 - 1
MAX_TEXT_CHARS = 200
MAX_PATH_CHARS = 1_000
NO_CONTROL_CHARACTER = r"^\P{Cc}*$"  # a line feed, say: it would break a message, and NUL a path


class Block(BaseModel):
    """A block of parameters: it cannot be changed, and has no name that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def split(value: Any) -> Any:
    """Take `16+32+64` for a list: a comma would end the parameter on Kedro's command line."""
    if isinstance(value, int):
        return [value]
    return value.split("+") if isinstance(value, str) else value


def split_numbers(value: Any) -> Any:
    """The same of numbers, for which YAML takes only one that stands alone."""
    if isinstance(value, str):
        return [int(part) if part.isascii() and part.isdecimal() else part for part in value.split("+")]
    return split(value)


def unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse values of which one is there twice."""
    if len(set(values)) < len(values):
        raise ValueError("a value is repeated")
    return values


def whole(least: int, most: int) -> Any:
    """Of a whole number; 4.0, '4' and true are none."""
    return Field(strict=True, ge=least, le=most, description=f"a whole number from {least} to {most}")


def or_null(most: int, default: Any = ...) -> Any:
    """Of what is `null` or a whole number from 1; without a default it must be given."""
    return Field(default=default, description=f"null or a whole number from 1 to {most}")


def several(least: int, most: int, of: str) -> Any:
    """Of a list of so many of something."""
    return Field(min_length=least, max_length=most, description=f"{least} to {most} {of}")


Number = Annotated[FiniteFloat, Field(strict=True)]
Fraction = Annotated[Number, Field(ge=0, lt=1, description="a number from 0 to less than 1")]
Seed = Annotated[int, whole(0, MAX_SEED)]
Text = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TEXT_CHARS,
        pattern=NO_CONTROL_CHARACTER,
        description=f"a text of 1 to {MAX_TEXT_CHARS} characters, none of them a control character",
    ),
]
Address = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PATH_CHARS,
        pattern=NO_CONTROL_CHARACTER,
        description=f"an address of 1 to {MAX_PATH_CHARS} characters, none of them a control character",
    ),
]
Folder = Annotated[
    Address,
    Field(description=f"the path of a folder, of 1 to {MAX_PATH_CHARS} characters, none of them a control character"),
]
