"""Put the page together: its modules, styles and data become one file that asks for nothing else.

The modules of `page/` are plain ES modules. A page that is opened from a folder may not import modules, so they are
laid one after the other, without `import` and `export`, each after those that it imports: names are unique across them.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

SOURCES = files("convnets.pipelines.playground") / "page"
ENGINE = ("engine/network.js", "engine/digit.js", "engine/pooling.js")  # what runs in the page and in its Worker
WORKER, MAIN, TEMPLATE = "worker.js", "main.js", "page.html"
STYLES = ("styles/page.css", "styles/comparison.css", "styles/convolution.css", "styles/inside.css")
IMPORT = re.compile(r'^import\b[^;]*?from "(?P<module>[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (\{\};\n)?", re.MULTILINE)
MARKUP = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def read_source(path: str) -> str:
    """Read a file of the page, by its path in `page/`."""
    return SOURCES.joinpath(path).read_text(encoding="utf-8")


def order_modules(entries: tuple[str, ...]) -> list[str]:
    """The paths of modules and of all that they import, each after those that it imports."""
    ordered: list[str] = []

    def visit(path: str) -> None:
        if path in ordered:
            return
        for imported in IMPORT.finditer(read_source(path)):
            visit(_resolve(path, imported["module"]))
        ordered.append(path)

    for entry in entries:
        visit(entry)
    return ordered


def _resolve(path: str, module: str) -> str:
    """The path of a module as another one names it: ./x.js or ../x/y.js."""
    parts: list[str] = []
    for part in (PurePosixPath(path).parent / module).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def bundle(entries: tuple[str, ...], without: tuple[str, ...] = ()) -> str:
    """Lay modules one after the other, as one classic script.

    Args:
        entries: Modules, which come with all that they import.
        without: Modules that another script brings, with all that these import.

    Returns:
        JavaScript.
    """
    brought = set(order_modules(without))
    modules = [path for path in order_modules(entries) if path not in brought]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", read_source(path))) for path in modules)


def embed(data: Any) -> str:
    """Write data as JSON that cannot be taken for markup, whatever it says."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: MARKUP[found[0]], text)


def assemble(data: Any) -> str:
    """Make the page.

    Args:
        data: What `main.js` reads, of what JSON knows.

    Returns:
        HTML. Its Content-Security-Policy allows these scripts and this style, by their hashes, and nothing else.
    """
    style = "\n".join(read_source(path) for path in STYLES)
    engine = bundle(ENGINE)
    main = bundle((MAIN,), without=ENGINE)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(engine)} {_hash(main)}",
            f"style-src {_hash(style)}",
            "worker-src blob:",
            "img-src data: blob:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    values = {
        "policy": policy,
        "style": style,
        "data": embed(data),
        "worker": bundle((WORKER,), without=ENGINE),
        "engine": engine,
        "main": main,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], read_source(TEMPLATE))


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
