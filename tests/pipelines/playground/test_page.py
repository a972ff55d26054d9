"""The page in a real browser: CNN against FCN, drawn and moved by the pointer, by finger and by keyboard."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Open = Callable[..., Any]
SETTLED = "() => [...document.querySelectorAll('[data-network] .answer')].every(node => node.textContent)"
NOTHING = "\u2013"  # what stands for no answer
SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]  # shares of the drawing surface
ONE = [(0.5, 0.15), (0.5, 0.85)]


def answer(page: Any, network: str) -> str:
    page.wait_for_function(SETTLED)
    return str(page.locator(f'[data-network="{network}"] .answer').inner_text())


def draw(page: Any, points: list[tuple[float, float]]) -> None:
    box = page.locator("canvas#digit").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def wait_for_answer(page: Any, network: str, expected: str) -> None:
    page.wait_for_function(
        '([name, text]) => document.querySelector(`[data-network="${name}"] .answer`).textContent === text',
        arg=[network, expected],
    )


def test_a_drawn_digit_leads_in_each_network(open_page: Open) -> None:
    page = open_page()
    for digit, points in (("7", SEVEN), ("1", ONE)):
        page.locator("#clear").click()
        wait_for_answer(page, "cnn", NOTHING)
        draw(page, points)
        for network in ("fcn", "cnn"):
            wait_for_answer(page, network, digit)
    rows = page.locator('[data-network="cnn"] tbody tr').evaluate_all(
        "rows => rows.map(row => ['th', '.number'].map(part => row.querySelector(part).textContent))"
    )
    assert [name for name, _ in rows] == list("0123456789")
    assert max(rows, key=lambda row: float(row[1]))[0] == "1"
    assert sum(float(probability) for _, probability in rows) == pytest.approx(1, abs=0.06)
    assert page.locator('[data-network="cnn"] .verdict').inner_text() == "✓ right"


def test_a_script_can_draw(open_page: Open) -> None:
    page = open_page()
    page.evaluate(
        """(points) => {
        const pad = document.querySelector("canvas#digit");
        const box = pad.getBoundingClientRect();
        points.forEach(([x, y], index) => pad.dispatchEvent(new PointerEvent(index ? "pointermove" : "pointerdown",
            {clientX: box.x + x * box.width, clientY: box.y + y * box.height, pointerId: 7, bubbles: true})));
        pad.dispatchEvent(new PointerEvent("pointerup", {pointerId: 7, bubbles: true}));
    }""",
        SEVEN,
    )
    wait_for_answer(page, "cnn", "7")
    page.wait_for_function("() => location.hash.includes('test=-1')")


def test_an_answer_that_comes_after_clearing_is_not_shown(open_page: Open) -> None:
    page = open_page()
    page.evaluate("['#next', '#clear'].forEach(button => document.querySelector(button).click())")
    page.wait_for_timeout(500)
    assert answer(page, "cnn") == answer(page, "fcn") == NOTHING


def test_the_fully_connected_network_loses_a_digit_first_as_it_moves(open_page: Open) -> None:
    page = open_page("test=0")
    lost: dict[str, list[int]] = {"fcn": [], "cnn": []}
    for shift in range(9):
        page.evaluate(f"location.hash = 'test=0&x={shift}'")
        page.wait_for_function("shift => document.querySelector('#move-x').value === shift", arg=str(shift))
        page.wait_for_selector('#comparison[data-settled="true"]')
        for network, shifts in lost.items():
            if answer(page, network) != "7":
                shifts.append(shift)
    assert 0 < min(lost["fcn"]) < min(lost["cnn"], default=99)
    page.evaluate(f"location.hash = 'test=0&x={min(lost['fcn'])}'")
    page.wait_for_selector('[data-network="fcn"][data-verdict="wrong"]')


def test_a_new_address_counts_even_if_the_page_writes_its_own_over_it(open_page: Open) -> None:
    page = open_page("test=0")
    page.evaluate("() => { location.hash = 'test=0&x=3'; history.replaceState(null, '', '#test=0'); }")
    page.wait_for_function("() => document.querySelector('#move-x').value === '3'", timeout=5_000)
    page.wait_for_function("() => location.hash.includes('x=3')")


def test_the_map_of_shifts_is_filled_and_moves_the_digit(open_page: Open) -> None:
    page = open_page("test=0")
    filled = "() => document.querySelector('figcaption').textContent.endsWith('of 289 shifts')"
    page.wait_for_function(filled, timeout=60_000)
    right = [int(text.split()[2]) for text in page.locator("figcaption").all_inner_texts()]
    assert 1 <= right[0] < right[1] <= 289
    page.locator('[data-network="cnn"] .map').click(position={"x": 3, "y": 3})
    page.wait_for_function("() => location.hash.includes('x=-8') && location.hash.includes('y=-8')")


def test_the_map_of_an_empty_drawing_says_nothing(open_page: Open) -> None:
    page = open_page("test=-1")
    page.wait_for_timeout(500)  # after which a map is begun
    captions = page.locator("figcaption")
    assert set(captions.all_inner_texts()) == {""}
    assert all(captions.nth(index).bounding_box()["height"] > 10 for index in range(captions.count()))


def test_a_digit_is_dragged_and_the_address_tells_where(open_page: Open) -> None:
    page = open_page("test=2")
    box = page.locator("#seen").bounding_box()
    pixel = box["width"] / 28
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 50 + 4 * pixel, box["y"] + 50 - 3 * pixel, steps=4)
    page.mouse.up()
    page.wait_for_function("() => location.hash.includes('x=4') && location.hash.includes('y=-3')")
    assert page.locator("#move-x").input_value() == "4"


def test_a_link_restores_a_drawing(open_page: Open) -> None:
    page = open_page()
    draw(page, SEVEN)
    wait_for_answer(page, "cnn", "7")
    page.wait_for_selector('#comparison[data-settled="true"]')
    page.wait_for_timeout(1000)  # after which the address tells the whole drawing
    bars = page.locator('[data-network="cnn"] tbody').inner_text()
    again = open_page(page.evaluate("location.hash.slice(1)"))
    again.wait_for_selector('#comparison[data-settled="true"]')
    assert again.locator('[data-network="cnn"] tbody').inner_text() == bars


def test_a_bad_link_is_ignored(open_page: Open) -> None:
    page = open_page("test=1e9&x=NaN&y=400&scale=0&part=nowhere&drawing=%3Cb%3E&presenter=maybe&nothing=1&angle=")
    assert answer(page, "cnn") == answer(page, "fcn") == "7"
    page.evaluate("location.hash = 'test=-1&drawing=AAAA'")
    wait_for_answer(page, "cnn", NOTHING)


def test_all_can_be_done_by_keyboard(open_page: Open) -> None:
    page = open_page()
    page.locator("#digit").focus()
    page.keyboard.press(" ")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    wait_for_answer(page, "cnn", "1")
    page.keyboard.press("Delete")
    wait_for_answer(page, "cnn", NOTHING)
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == "next":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_for_answer(page, "cnn", "7")
    page.locator("#seen").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#move-x").input_value() == "1"
    page.locator("#tab-comparison").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#convolution").is_visible()
    assert not page.locator("#comparison").is_visible()


def test_by_finger_on_a_phone(open_page: Open) -> None:
    page = open_page("test=0", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for selector in ("#digit", "#seen", '[data-network="cnn"] .answer', '[data-network="cnn"] .bars'):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 844, f"{selector} is below the first screen"
    for button in page.locator("button:visible").all():
        assert button.bounding_box()["height"] >= 24  # WCAG 2.5.8
    page.locator("#next").tap()
    wait_for_answer(page, "cnn", "2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_the_contrast_that_wcag_asks_for(open_page: Open, scheme: str) -> None:
    page = open_page("test=0&x=7", color_scheme=scheme)
    answer(page, "cnn")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    found = json.loads(page.evaluate(CONTRASTS))
    assert len(found) > 40
    assert [entry for entry in found if entry["ratio"] < 4.5] == []


CONTRASTS = """() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (rgb) => {
        const shares = rgb.map((value) => value / 255);
        const [r, g, b] = shares.map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = (node) => {
        for (; node; node = node.parentElement) {
            const found = channels(getComputedStyle(node).backgroundColor);
            if (found.length === 3 || found[3] > 0) return found.slice(0, 3);
        }
        return [255, 255, 255];
    };
    const texts = [...document.querySelectorAll('body *')].filter((node) => node.checkVisibility()
        && [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
    return JSON.stringify(texts.map((node) => {
        const [one, other] = [channels(getComputedStyle(node).color).slice(0, 3), background(node)].map(luminance);
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        return {text: node.textContent.slice(0, 30), ratio};
    }));
}"""


def test_the_presenter_sees_no_explanations_and_all_at_once(open_page: Open) -> None:
    page = open_page("test=0")
    assert page.locator("#comparison .explanation").is_visible()
    page.locator("#presenter").click()
    assert page.locator(".explanation:visible").count() == 0
    answer(page, "cnn")
    assert page.evaluate("document.documentElement.scrollHeight") <= 720
    assert (
        page.locator('[data-network="cnn"] .answer').evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        > 60
    )


def test_it_works_in_a_sandboxed_frame(open_page: Open, page_file: Path, tmp_path: Path) -> None:
    page = open_page()
    framed = tmp_path / "frame.html"
    framed.write_text(f'<iframe sandbox="allow-scripts" width="1280" height="720" src="{page_file.as_uri()}"></iframe>')
    page.goto(framed.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator('[data-network="cnn"] .answer').filter(has_text="7").wait_for()
    frame.locator("#next").click()
    frame.locator('[data-network="cnn"] .answer').filter(has_text="2").wait_for()


def test_a_digit_that_wanders_stops_when_it_is_moved(open_page: Open) -> None:
    page = open_page("test=0")
    page.locator("#wander").click()
    page.wait_for_function("() => document.querySelector('#move-x').value !== '0'")
    assert page.locator("#wander").inner_text() == "Stop"
    page.locator("#centre").click()
    page.wait_for_function("() => document.querySelector('#wander').textContent === 'Wander'")
    page.wait_for_function("() => document.querySelector('#move-x').value === '0'")
