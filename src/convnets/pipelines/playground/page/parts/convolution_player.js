import { element } from "../dom.js";
import { CONVOLUTION_STRINGS } from "../strings/convolution.js";
import { fill } from "../strings/page.js";

/** @typedef {import("../context.js").Context} Context */
/** @typedef {import("./convolution_drawing.js").Place} Place */

/** @type {Record<string, number>} Milliseconds from one place to the next. */
const STEP_MILLISECONDS = { slow: 500, medium: 80, fast: 12 };
const OWN_KEYS = "input, select, textarea"; // which do something of their own with space and arrows

/**
 * Play, pause and step the window over the input.
 * @param {HTMLElement} root The part, in which keys count.
 * @param {Context} context
 * @param {{count: () => number, place: () => Place, move: (place: Place) => void}} window `count`: height and width of
 *   the response map.
 */
export function createPlayer(root, context, window) {
  const strings = CONVOLUTION_STRINGS;
  let timer = 0;
  /** @type {(place: Place) => void} */
  let stepped = () => {};
  const index = () => window.place().row * window.count() + window.place().column;
  const last = () => window.count() ** 2 - 1;

  /** @param {number} target Of the places, row by row. */
  function jump(target) {
    if (window.count() === 0) return;
    const within = Math.max(Math.min(target, last()), 0);
    window.move({ row: Math.floor(within / window.count()), column: within % window.count() });
  }

  /** @param {number} target */
  function step(target) {
    pause();
    jump(target);
    stepped(window.place());
  }

  function tick() {
    if (root.hidden || index() >= last()) return pause();
    jump(index() + 1);
    timer = setTimeout(tick, STEP_MILLISECONDS[context.state().convSpeed]);
  }

  function pause() {
    clearTimeout(timer);
    timer = 0;
    update();
  }

  function toggle() {
    if (timer) return pause();
    if (index() >= last()) jump(0);
    timer = setTimeout(tick, STEP_MILLISECONDS[context.state().convSpeed]);
    update();
  }

  const button = (/** @type {string} */ id, /** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ click) =>
    element("button", { type: "button", id, text, "aria-label": label, title: label, on: { click } });
  const play = button("conv-play", "", strings.play, toggle);
  const place = element("span", { class: "conv-place" });
  const speed = element(
    "select",
    { id: "convSpeed", on: { change: () => context.setState({ convSpeed: speed.value }) } },
    Object.entries(strings.speeds).map(([value, text]) => element("option", { value, text })),
  );

  function update() {
    play.textContent = timer ? strings.pause : strings.play;
    play.setAttribute("aria-label", timer ? strings.pause : strings.play);
    place.textContent = window.count() > 0 ? fill(strings.place, { index: index() + 1, count: last() + 1 }) : "";
    speed.value = context.state().convSpeed;
  }

  document.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (root.hidden || (target !== document.body && !root.contains(target)) || target.closest(OWN_KEYS)) return;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const row = window.count();
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => step(index() - 1),
      ArrowRight: () => step(index() + 1),
      ArrowUp: () => step(index() - row),
      ArrowDown: () => step(index() + row),
      Home: () => step(0),
      End: () => step(last()),
      ...(target.closest("button") ? {} : { " ": toggle }),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  const bar = element("div", { class: "conv-player" }, [
    button("conv-first", "|◀", strings.first, () => step(0)),
    button("conv-back", "◀", strings.back, () => step(index() - 1)),
    play,
    button("conv-step", `${strings.step} ▶`, strings.step, () => step(index() + 1)),
    button("conv-last", "▶|", strings.last, () => step(last())),
    element("label", { class: "conv-speed" }, [`${strings.speed} `, speed]),
    place,
  ]);
  return {
    root: bar,
    update,
    /** @param {Place} to */
    goTo: (to) => step(to.row * window.count() + to.column),
    /** @param {(place: Place) => void} listener Called when the window was moved by hand. */
    onStep: (listener) => (stepped = listener),
  };
}
