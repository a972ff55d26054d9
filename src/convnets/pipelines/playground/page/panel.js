import { drawGrey, element } from "./dom.js";
import { FIELD, normalizeDigit } from "./engine/digit.js";
import { decodeBase64, encodeBase64 } from "./engine/network.js";
import { createPad } from "./pad.js";
import { fill, PAGE_STRINGS } from "./strings/page.js";

/** @typedef {import("./context.js").Context} Context */
/** @typedef {import("./context.js").Page} Page */
/** @typedef {"x" | "y" | "angle" | "scale"} MoveName */

const REACH = 14; // pixels, by which a digit can be shifted
const WANDER = { x: 0.9, y: 1.3, reach: 6 }; // radians per second, and pixels
/** @type {Record<MoveName, {min: number, max: number, step: number}>} */
const RANGES = {
  x: { min: -REACH, max: REACH, step: 1 },
  y: { min: -REACH, max: REACH, step: 1 },
  angle: { min: -180, max: 180, step: 5 },
  scale: { min: 0.4, max: 1.6, step: 0.05 },
};

/** @type {Record<string, import("./state.js").Field>} */
export const PANEL_FIELDS = {
  drawing: { value: "" }, // base64 of the drawing in MNIST's form
  x: { value: 0, ...RANGES.x },
  y: { value: 0, ...RANGES.y },
  angle: { value: 0, ...RANGES.angle },
  scale: { value: 1, ...RANGES.scale },
};

/** Moves that bring a digit back. */
const MIDDLE = { x: 0, y: 0, angle: 0, scale: 1 };

/**
 * The current digit before it is moved.
 * @param {Page} page
 * @param {import("./state.js").State} state
 * @returns {Uint8Array} 28 x 28, 255 is ink; without a digit, all zeros.
 */
export function baseDigit(page, state) {
  if (state.test >= 0) return page.test.images[state.test];
  const wellFormed = /^([\w+/]{4})*[\w+/]*={0,2}$/.test(state.drawing) && state.drawing.length % 4 === 0;
  const bytes = wellFormed ? decodeBase64(state.drawing) : new Uint8Array();
  return bytes.length === FIELD * FIELD ? bytes : new Uint8Array(FIELD * FIELD);
}

/**
 * The panel that all parts share: draw a digit or take a test image, and move it.
 * @param {HTMLElement} root
 * @param {Context} context
 */
export function mountPanel(root, context) {
  const pad = createPad((grey) => {
    const digit = grey && normalizeDigit(grey);
    context.setState({ test: -1, drawing: digit ? encodeBase64(digit) : "" });
  });
  const seen = buildSeen(context);
  const source = element("p", { class: "source", "aria-live": "polite" });
  root.append(
    element("div", { class: "surfaces" }, [
      element("div", {}, [element("h2", { text: PAGE_STRINGS.draw }), pad.canvas]),
      element("div", {}, [element("h2", { text: PAGE_STRINGS.seen }), seen]),
    ]),
    element("div", { class: "choices" }, [source, ...buildChoices(context, pad)]),
    buildMoves(context),
  );
  context.subscribe((state, changed) => {
    if (changed.has("image") || changed.has("theme")) {
      drawGrey(seen, context.image(), { width: FIELD, height: FIELD });
      const { test } = state;
      const { indices, labels } = context.page.test;
      source.textContent =
        test < 0
          ? PAGE_STRINGS.drawing
          : fill(PAGE_STRINGS.testImage, { index: indices[test], label: context.page.classNames[labels[test]] });
    }
    if (changed.has("test") && state.test >= 0) pad.clear();
    if (changed.has("theme")) pad.paint();
  });
}

/**
 * The image as the networks see it, which can be dragged.
 * @param {Context} context
 * @returns {HTMLCanvasElement}
 */
function buildSeen(context) {
  const canvas = element("canvas", {
    id: "seen",
    tabindex: 0,
    role: "img",
    "aria-label": `${PAGE_STRINGS.seen}. ${PAGE_STRINGS.seenHint}`,
    title: PAGE_STRINGS.seenHint,
  });
  /** @type {{x: number, y: number} | null} */
  let grip = null;
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
    const pixel = canvas.clientWidth / FIELD;
    grip = { x: event.clientX / pixel - context.state().x, y: event.clientY / pixel - context.state().y };
  });
  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!grip) return;
    const pixel = canvas.clientWidth / FIELD;
    moveTo(context, Math.round(event.clientX / pixel - grip.x), Math.round(event.clientY / pixel - grip.y));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (grip = null));
  canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const { x, y } = context.state();
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-x, -y] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    moveTo(context, x + step[0], y + step[1]);
  });
  return canvas;
}

/**
 * @param {Context} context
 * @param {number} x
 * @param {number} y
 */
function moveTo(context, x, y) {
  const within = (/** @type {number} */ value) => Math.min(Math.max(value, -REACH), REACH);
  context.setState({ x: within(x), y: within(y) });
}

/**
 * @param {Context} context
 * @param {ReturnType<typeof createPad>} pad
 */
function buildChoices(context, pad) {
  const count = context.page.test.images.length;
  /** @param {number} step */
  const browse = (step) => context.setState({ test: (Math.max(context.state().test, -1) + step + count) % count });
  const button = (/** @type {string} */ id, /** @type {string} */ text, /** @type {() => void} */ click, label = text) =>
    element("button", { type: "button", id, text, "aria-label": label, title: label, on: { click } });
  const meant = element("select", { id: "meant", on: { change: () => context.setState({ meant: Number(meant.value) }) } }, [
    element("option", { value: -1, text: PAGE_STRINGS.meantAuto }),
    ...context.page.classNames.map((name, index) => element("option", { value: index, text: name })),
  ]);
  const asked = element("label", {}, [`${PAGE_STRINGS.meant} `, meant]);
  context.subscribe((state) => {
    asked.hidden = state.test >= 0;
    meant.value = String(state.meant);
  });
  return [
    button("previous", "◀", () => browse(context.state().test < 0 ? 0 : -1), PAGE_STRINGS.previous),
    button("next", "▶", () => browse(1), PAGE_STRINGS.next),
    button("clear", PAGE_STRINGS.clear, () => {
      pad.clear();
      context.setState({ test: -1, drawing: "" });
    }),
    asked,
  ];
}

/** @param {Context} context */
function buildMoves(context) {
  const names = /** @type {MoveName[]} */ (Object.keys(RANGES));
  /** @type {Record<string, HTMLInputElement>} */
  const sliders = {};
  /** @type {Record<string, HTMLOutputElement>} */
  const outputs = {};
  const rows = names.map((name) => {
    sliders[name] = element("input", {
      type: "range",
      id: `move-${name}`,
      ...RANGES[name],
      on: { input: () => context.setState({ [name]: Number(sliders[name].value) }) },
    });
    outputs[name] = element("output", { for: `move-${name}` });
    return element("label", { class: "slider" }, [element("span", { text: PAGE_STRINGS.moves[name] }), sliders[name], outputs[name]]);
  });
  const wander = element("button", { type: "button", id: "wander", on: { click: createWandering(context, (text) => (wander.textContent = text)) } });
  const centre = element("button", { type: "button", id: "centre", text: PAGE_STRINGS.centre, on: { click: () => context.setState(MIDDLE) } });
  wander.textContent = PAGE_STRINGS.wander;
  context.subscribe((state) => {
    for (const name of names) {
      sliders[name].value = String(state[name]);
      outputs[name].textContent = `${state[name]} ${PAGE_STRINGS.units[name]}`;
    }
  });
  return element("div", { class: "moves" }, [...rows, element("div", { class: "buttons" }, [wander, centre])]);
}

/**
 * Let the digit wander about until it is stopped, or moved by hand.
 * @param {Context} context
 * @param {(text: string) => void} name Names the button by what it does next.
 * @returns {() => void} Starts and stops it.
 */
function createWandering(context, name) {
  let frame = 0;
  let start = 0;
  let last = { x: 0, y: 0 };
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    name(PAGE_STRINGS.wander);
  };
  /** @param {number} time */
  const step = (time) => {
    const { x, y } = context.state();
    if (start && (x !== last.x || y !== last.y)) return stop();
    start ||= time;
    const seconds = (time - start) / 1000;
    last = {
      x: Math.round(WANDER.reach * Math.sin(WANDER.x * seconds)),
      y: Math.round(WANDER.reach * Math.sin(WANDER.y * seconds)),
    };
    context.setState(last);
    frame = requestAnimationFrame(step);
  };
  return () => {
    if (frame) return stop();
    start = 0;
    name(PAGE_STRINGS.stop);
    frame = requestAnimationFrame(step);
  };
}
