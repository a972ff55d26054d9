"""Make the README's pictures of pages: `python tests/tools/page_pictures.py`, once report and playground are made.

They are what headless Chromium shows: the beginning of the report, three screenshots of the playground, and a digit
that is drawn and moved, frame by frame. `python tests/tools/page_pictures.py report` makes the first alone.
"""

import math
import shutil
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "data" / "08_reporting" / "playground.html"
REPORT = ROOT / "data" / "08_reporting" / "report.html"
DOCS = ROOT / "docs"
SIZE = {"width": 1280, "height": 720}
GIF_SIZE = (960, 540)
COLOURS = 128
FRAME, PAUSE = 90, 1500  # milliseconds
SHIFT = 7  # pixels, by which the digit is moved to the right
PARTS = {
    "comparison": "part=comparison&test=0&x=4&y=1",
    "convolution": "part=convolution&test=0",
    "inside": "part=inside&test=0",
}
MAPS_FILLED = """() => document.querySelectorAll("figcaption").length > 0
    && [...document.querySelectorAll(".card figcaption")].every((node) => node.textContent.includes("of 289"))"""
SETTLED = '#comparison[data-settled="true"]'


def open_page(browser: Any, fragment: str = "") -> Any:
    """Open the page."""
    page = browser.new_page(viewport=SIZE)
    page.goto(f"{PAGE.as_uri()}#{fragment}")
    page.wait_for_selector("html[data-ready]", state="attached", timeout=120_000)
    return page


def three() -> list[tuple[float, float]]:
    """A 3, as points in shares of the drawing surface."""
    upper = [(0.46 + 0.17 * math.cos(angle), 0.32 + 0.15 * math.sin(angle)) for angle in _angles(-150, 80)]
    lower = [(0.46 + 0.21 * math.cos(angle), 0.67 + 0.20 * math.sin(angle)) for angle in _angles(-80, 150)]
    return upper + lower


def _angles(start: float, end: float, count: int = 12) -> list[float]:
    return [math.radians(start + (end - start) * step / (count - 1)) for step in range(count)]


def shoot(page: Any) -> Image.Image:
    """What the page shows now, in the size of the moving picture."""
    return Image.open(BytesIO(page.screenshot())).convert("RGB").resize(GIF_SIZE, Image.Resampling.LANCZOS)


def record(browser: Any) -> list[tuple[Image.Image, int]]:
    """Draw a digit and move it: frames, and how many milliseconds each is shown."""
    page = open_page(browser, "presenter=true&test=-1")
    frames = []
    box = page.locator("#digit").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in three()]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        page.mouse.move(*place, steps=2)
        page.wait_for_selector(SETTLED, timeout=60_000)
        frames.append((shoot(page), FRAME))
    page.mouse.up()
    page.wait_for_function(MAPS_FILLED, timeout=240_000)
    frames.append((shoot(page), PAUSE))
    page.locator("#seen").focus()
    for _ in range(SHIFT):
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(SETTLED, timeout=60_000)
        page.wait_for_timeout(100)
        frames.append((shoot(page), PAUSE // 2))
    frames[-1] = (frames[-1][0], PAUSE)
    return frames


def shoot_report(browser: Any) -> None:
    """The report, from its title to its first figure."""
    page = browser.new_page(viewport={"width": 992, "height": 1200})
    page.goto(REPORT.as_uri())
    box = page.locator("#results figure").first.bounding_box()
    clip = {"x": 0, "y": 0, "width": 992, "height": box["y"] + box["height"] + 16}
    page.screenshot(path=DOCS / "report.png", clip=clip, full_page=True)
    page.close()


def main() -> None:
    """Make all pictures."""
    path = next(found for name in ("chromium", "google-chrome") if (found := shutil.which(name)))
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        shoot_report(browser)
        if sys.argv[1:] == ["report"]:
            return
        for name, fragment in PARTS.items():
            page = open_page(browser, fragment)
            if name == "comparison":
                page.wait_for_function(MAPS_FILLED, timeout=240_000)
            page.wait_for_timeout(1000)
            page.screenshot(path=DOCS / f"playground-{name}.png")
            page.close()
        frames = record(browser)
    chosen = [image for image, _ in frames[:: len(frames) // 4]] + [frames[-2][0]]
    all_colours = Image.new("RGB", (GIF_SIZE[0], GIF_SIZE[1] * len(chosen)))
    for place, image in enumerate(chosen):
        all_colours.paste(image, (0, place * GIF_SIZE[1]))
    palette = all_colours.quantize(COLOURS, Image.Quantize.FASTOCTREE)
    images = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image, _ in frames]
    durations = [duration for _, duration in frames]
    images[0].save(
        DOCS / "playground.gif", save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=True
    )


if __name__ == "__main__":
    main()
