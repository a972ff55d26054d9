"""Put a page together: one file with its style and its images inside, which runs nothing and asks for nothing."""

import base64
import hashlib
import struct
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from convnets.figures import DPI, network_colour
from convnets.harness.messages import DataError
from convnets.pipelines.report import formats
from convnets.pipelines.report.texts import FigureText
from convnets.vectors import vectors_of

BEGIN, END = "<!-- section -->", "<!-- end of section -->"  # in the templates; escaped text has no such comment
CSS_DPI = 96  # pixels to an inch
SIZE_IN_PNG = slice(16, 24)  # the bytes that hold width and height
POLICY = "default-src 'none'; img-src data:; style-src {style}; base-uri 'none'; form-action 'none'"


def render(template: str, **values: Any) -> str:
    """Fill in a template of `page/`. All that is filled in is text, whatever it says.

    Args:
        template: The name of its file.
        **values: What it names.

    Returns:
        HTML.
    """
    environment = Environment(
        loader=PackageLoader("convnets.pipelines.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        name: getattr(formats, name)
        for name in ("percent", "percent_range", "count", "p_value", "or_none", "enumeration", "settings")
    } | {"colour": network_colour}
    style = environment.get_template("report.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = POLICY.format(style=f"'sha256-{digest}'")
    return environment.get_template(template).render(
        style=Markup(style),  # noqa: S704 - the project's own
        policy=policy,
        **values,
    )


def describe_figures(
    texts: Mapping[str, FigureText], images: Mapping[str, bytes], **named: str
) -> dict[str, dict[str, Any]]:
    """What a template needs of figures.

    Args:
        texts: By the names of the figures.
        images: PNG files, by the same names; those that hold the figure as vectors are shown so.
        **named: What texts have in braces.

    Returns:
        By name without `_figure`, what `describe_figure` returns.
    """
    return {
        name.removesuffix("_figure"): describe_figure(images[name], text.alt.format(**named), text.reading)
        for name, text in texts.items()
    }


def describe_figure(png: bytes, alt: str, reading: str) -> dict[str, Any]:
    """What a template needs of a figure: `source` (a data address), `width`, `height` (pixels), `alt` and `reading`."""
    width, height = (round(size * CSS_DPI / DPI) for size in struct.unpack(">II", png[SIZE_IN_PNG]))
    return {"source": source_of(png), "width": width, "height": height, "alt": alt, "reading": reading}


def source_of(png: bytes) -> str:
    """The data address of a figure: of its vectors if the PNG file holds them. In an image, no name meets another's."""
    vectors = vectors_of(png)
    kind, content = ("png", png) if vectors is None else ("svg+xml", vectors)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def section_of(page: str, name: str) -> Markup:
    """What a page has to say, without its head and its title.

    Args:
        page: As `make_network_report` and its like return it.
        name: Of the data set that the page is.

    Returns:
        HTML.

    Raises:
        DataError: The page has no such section.
    """
    before, begin, rest = page.partition(BEGIN)
    section, end, _ = rest.partition(END)
    if not (before and begin and end):
        raise DataError(
            f"{name} has no section; allowed: a page as the pipeline makes it that writes {name}, unchanged"
        )
    return Markup(section)  # noqa: S704 - a template of this project made it
