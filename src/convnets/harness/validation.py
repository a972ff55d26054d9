"""What pydantic finds wrong, in the project's words: the name, what was found and what is allowed."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from reprlib import Repr
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from convnets.harness.messages import unknown

MAX_VALUE_CHARS = 80  # characters of a wrong value that a message repeats

_SHORT = Repr()  # of a large value no more than is shown is spelt out
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 3 * MAX_VALUE_CHARS  # longer ones it would cut in their middle
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = MAX_VALUE_CHARS
_SHORT.maxlevel = 8

Location = tuple[int | str, ...]
"""Where pydantic finds a fault: names of blocks and of a field, tags of unions, and what is inside of a value."""


class Faults:
    """Says what is wrong with the values of a model, whose fields' descriptions say what is allowed."""

    def __init__(self, model: type[BaseModel], kind: str, tags: Mapping[str, type[BaseModel]]) -> None:
        """Note what the values are of.

        Args:
            model: Its fields are values, or models: blocks of fields.
            kind: What a field is called: a parameter.
            tags: Those of unions, which stand in a location, and not in a name; and the blocks that they stand for.
        """
        self._model = model
        self._kind = kind
        self._tags = tags

    def of(self, error: ValidationError) -> list[str]:
        """A sentence for each field that is wrong; of the faults inside a value only the first is told."""
        first = {self._field_name(detail["loc"]): detail for detail in reversed(error.errors())}
        return [self._sentence(detail) for detail in reversed(first.values())]

    def _sentence(self, detail: Any) -> str:
        field, names, found = self._field(detail["loc"]), self._names(detail["loc"]), detail["input"]
        allowed, choices = _allowed(field), _choices(field)
        match detail["type"]:
            case "extra_forbidden" | "invalid_key":
                prefix = "".join(f"{name}." for name in names[:-1])
                return unknown(self._kind, names[-1], _block(field).model_fields, prefix)
            case "missing" if names == self._field_name(detail["loc"]):
                return f"The {self._kind} {'.'.join(names)} is missing; allowed: {allowed}."
            case "missing":  # from a list, which is the one to be named
                names = names[:-1]
            case "union_tag_not_found" | "union_tag_invalid":
                tag = detail["ctx"]["discriminator"].strip("'")
                names, found, allowed, choices = (*names, tag), found.get(tag), either(self._tags), tuple(self._tags)
            case "value_error" if not names:  # of the model as a whole
                return f"{detail['ctx']['error']}."
        if names[-1] == "[key]":
            names = (*names[:-2], "(a name)")
        return f"{'.'.join(names)} is {_shown(found)}{_nearest(found, choices)}; allowed: {allowed}."

    def _names(self, location: Location) -> tuple[str, ...]:
        return tuple(str(part) for part in location if part not in self._tags)

    def _field(self, location: Location) -> Any:
        """The field that a location is in, or the block where that has no such field."""
        found: Any = self._model
        for part in location:
            block = _block(found)
            if part in self._tags:
                found = self._tags[str(part)]
            elif block is None or part not in block.model_fields:
                break
            else:
                found = block.model_fields[part]
        return found

    def _field_name(self, location: Location) -> tuple[str, ...]:
        while len(location) > 1 and _block(self._field(location[:-1])) is None:
            location = location[:-1]
        return self._names(location)


def _block(found: Any) -> Any:
    """The block that a field holds, or that is a block itself; `None` if it is a value."""
    annotation = getattr(found, "annotation", found)
    is_block = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_block else None


def _choices(field: Any) -> tuple[str, ...]:
    """What a `Literal` may be; of others nothing."""
    annotation = getattr(field, "annotation", None)
    return tuple(choice for choice in get_args(annotation) if isinstance(choice, str))


def _allowed(field: Any) -> str:
    if description := getattr(field, "description", None):
        return str(description)
    block = _block(field)
    return f"a block with {', '.join(block.model_fields)}" if block else either(_choices(field))


def either(choices: Iterable[str]) -> str:
    """`a, b or c`; of no choices nothing."""
    *others, last = (*choices,) or ("",)
    return f"{', '.join(others)} or {last}" if others else last


def _nearest(found: Any, known: Iterable[str]) -> str:
    nearest = get_close_matches(found, known, n=1) if isinstance(found, str) else []
    return f" (did you mean {nearest[0]}?)" if nearest else ""


def _shown(value: Any) -> str:
    """A wrong value in one short line, as it stands in YAML."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        text = _SHORT.repr(value)
    except ValueError:
        return "a number of thousands of digits"  # which Python does not spell out
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}..."
