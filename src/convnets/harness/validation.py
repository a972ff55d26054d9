"""What pydantic finds wrong, in the project's words: the name, what was found and what is allowed."""

from collections.abc import Iterable, Iterator, Mapping
from reprlib import Repr
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from convnets.harness.messages import either, nearest_name, unknown

MAX_PLACES = 4  # where a name that stands in the wrong block could be meant
MAX_VALUE_CHARS = 80  # characters of a wrong value that a message repeats

_SHORT = Repr()  # of a large value no more than is shown is spelt out
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 3 * MAX_VALUE_CHARS  # longer ones it would cut in their middle
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = MAX_VALUE_CHARS
_SHORT.maxlevel = 8

Location = tuple[int | str, ...]
"""Where pydantic finds a fault: names of blocks and of a field, tags of unions, and what is inside of a value."""


class Faults:
    """Says what is wrong with the values of a model, whose fields' descriptions say what is allowed."""

    def __init__(
        self, model: type[BaseModel], kind: str, tags: Mapping[str, Any], values: Mapping[str, Any] | None = None
    ) -> None:
        """Note what the values are of.

        Args:
            model: Its fields are values, or models: blocks of fields.
            kind: What a field is called: a parameter.
            tags: Those of unions, which stand in a location, and not in a name; and the blocks that they stand for.
            values: All that are given: a name that stands in the wrong block is looked for in their blocks.
        """
        self._model = model
        self._kind = kind
        self._tags = tags
        self._values = values or {}

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
                known = (_block(field) or self._model).model_fields
                return unknown(self._kind, names[-1], known, prefix, self._elsewhere(names))
            case "missing" if names == self._field_name(detail["loc"]):
                return f"The {self._kind} {'.'.join(names)} is missing; allowed: {allowed}."
            case "missing":  # from a list, which is the one to be named
                names = names[:-1]
            case "union_tag_not_found" if len(names) == 1:  # no block of any kind
                return unknown(self._kind, names[0], self._model.model_fields, elsewhere=self._elsewhere(names))
            case "union_tag_not_found" | "union_tag_invalid":
                tag = detail["ctx"]["discriminator"].strip("'")
                choices = tuple(name for name, kind in self._tags.items() if tag in getattr(kind, "model_fields", ()))
                names, found, allowed = (*names, tag), found.get(tag), either(choices)
            case "value_error" if not names or _block(field):  # of a block as a whole; it names a field of its own
                return f"{'.'.join((*names, ''))}{detail['ctx']['error']}."
        if names[-1] == "[key]":
            names = (*names[:-2], "(a name)")
        return f"{'.'.join(names)} is {_shown(found)}{_nearest(found, choices)}; allowed: {allowed}."

    def _elsewhere(self, names: tuple[str, ...]) -> list[str]:
        """Where else there is something of the last of these names: in the block of the others, or in any."""
        *block, name = names
        longer = [place for place in _places(self._values, self._model, self._tags) if place[-1] == name]
        longer = [place for place in longer if len(place) > len(names)]
        inside = [place for place in longer if [*place[: len(block)]] == block]
        return [".".join(place) for place in (inside or longer)[:MAX_PLACES]]

    def _names(self, location: Location) -> tuple[str, ...]:
        return tuple(str(part) for part in location if part not in self._tags)

    def _field(self, location: Location) -> Any:
        """The field that a location is in, or the block where that has no such field."""
        found: Any = self._model
        for part in location:
            block = _block(found)
            if part in self._tags:
                found = self._tags[str(part)]
            elif block is None:  # inside of a value, which may hold blocks
                continue
            elif part not in block.model_fields:  # a further block of the user's own, whose tag comes next
                if block.model_config.get("extra") != "allow":
                    break
                found = None
            else:
                found = block.model_fields[part]
        return found

    def _field_name(self, location: Location) -> tuple[str, ...]:
        while len(location) > 1 and _block(self._field(location[:-1])) is None:
            location = location[:-1]
        return self._names(location)


def _places(values: Mapping[str, Any], model: Any, tags: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The names of all values and blocks that there are or may be, those of defaults included."""
    tagged = [tags[value] for value in values.values() if isinstance(value, str) and value in tags]
    fields = getattr(tagged[0] if tagged else model, "model_fields", {})
    for name in dict.fromkeys([*fields, *values]):
        yield (name,)
        inner = values.get(name)
        if isinstance(inner, Mapping):
            for rest in _places(inner, _block(fields.get(name)), tags):
                yield (name, *rest)


def _block(found: Any) -> Any:
    """The block that a field holds, or may hold, or that is a block itself; `None` if it is a value."""
    annotation = getattr(found, "annotation", found)
    for kind in get_args(annotation) if isinstance(annotation, UnionType) else (annotation,):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _choices(field: Any) -> tuple[str, ...]:
    """What a `Literal` may be; of others nothing."""
    annotation = getattr(field, "annotation", None)
    return tuple(choice for choice in get_args(annotation) if isinstance(choice, str))


def _allowed(field: Any) -> str:
    if description := getattr(field, "description", None):
        return str(description)
    block = _block(field)
    return f"a block with {', '.join(block.model_fields)}" if block else either(_choices(field))


def _nearest(found: Any, known: Iterable[str]) -> str:
    nearest = nearest_name(found, known) if isinstance(found, str) else None
    return f" (did you mean {nearest}?)" if nearest else ""


def _shown(value: Any) -> str:
    """A wrong value in one short line, as it stands in YAML."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        text = _SHORT.repr(value)
    except ValueError:
        return "a number of thousands of digits"  # which Python does not spell out
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}..."
