import { element, isDark } from "./dom.js";
import { PAGE_STRINGS } from "./strings/page.js";

/** @typedef {import("./engine/digit.js").Grey} Grey */
/** @typedef {{x: number, y: number}} Point In pixels of the canvas. */

const SIDE = 280; // pixels
const STROKE = 24; // pixels: about a tenth of the height of a digit
const PEN_STEP = 8; // pixels, of the arrow keys

/**
 * The drawing surface: mouse, finger and pen, or the keyboard.
 * @param {(grey: Grey | null) => void} drawn Called with the drawing as it grows, and with `null` where it is empty.
 */
export function createPad(drawn) {
  /** @type {HTMLCanvasElement} */
  const canvas = element("canvas", {
    id: "digit",
    width: SIDE,
    height: SIDE,
    tabindex: 0,
    role: "application",
    "aria-label": PAGE_STRINGS.drawHint,
    title: PAGE_STRINGS.drawHint,
  });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  /** @type {Point[][]} */
  let strokes = [];
  /** @type {Point[] | null} */
  let stroke = null;
  const pen = { x: SIDE / 2, y: SIDE / 4, down: false, shown: false };

  /** @param {string} background @param {string} ink */
  function paintStrokes(background, ink) {
    context.fillStyle = background;
    context.fillRect(0, 0, SIDE, SIDE);
    context.strokeStyle = ink;
    context.lineWidth = STROKE;
    context.lineCap = context.lineJoin = "round";
    for (const points of strokes) {
      context.beginPath();
      context.moveTo(points[0].x, points[0].y);
      for (const point of points) context.lineTo(point.x, point.y);
      context.stroke();
    }
  }

  function paint() {
    paintStrokes(isDark() ? "#000000" : "#ffffff", isDark() ? "#ffffff" : "#000000");
    if (!pen.shown) return;
    context.beginPath();
    context.arc(pen.x, pen.y, STROKE / 2, 0, 2 * Math.PI);
    context.lineWidth = 3;
    context.strokeStyle = pen.down ? "#D55E00" : "#0072B2";
    context.stroke();
  }

  function tell() {
    paintStrokes("#000000", "#ffffff");
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, index) => data[4 * index]);
    paint();
    drawn(strokes.length ? { width: SIDE, height: SIDE, pixels } : null);
  }

  /** @param {PointerEvent} event @returns {Point} */
  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * SIDE) / box.width,
      y: ((event.clientY - box.top) * SIDE) / box.height,
    };
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.isTrusted) canvas.setPointerCapture(event.pointerId); // a script's pointer cannot be captured
    pen.shown = false;
    stroke = [pointOf(event)];
    strokes.push(stroke);
    tell();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const passed = event.getCoalescedEvents?.() ?? []; // none if a script made the event
    for (const each of passed.length ? passed : [event]) stroke.push(pointOf(each));
    tell();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (stroke = null));
  canvas.addEventListener("keydown", (event) => {
    if (!steer(event.key)) return;
    event.preventDefault();
    pen.shown = true;
    if (pen.down) tell();
    else paint();
  });
  canvas.addEventListener("blur", () => {
    pen.shown = pen.down = false;
    paint();
  });

  /**
   * @param {string} key
   * @returns {boolean} Whether the key means something here.
   */
  function steer(key) {
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (key === "Delete" || key === "Backspace") {
      clear();
      drawn(null);
    } else if (key === " ") {
      pen.down = !pen.down;
      if (pen.down) strokes.push([{ x: pen.x, y: pen.y }]);
    } else if (steps[key]) {
      pen.x = Math.min(Math.max(pen.x + PEN_STEP * steps[key][0], 0), SIDE);
      pen.y = Math.min(Math.max(pen.y + PEN_STEP * steps[key][1], 0), SIDE);
      if (pen.down) strokes[strokes.length - 1].push({ x: pen.x, y: pen.y });
    } else return false;
    return true;
  }

  function clear() {
    strokes = [];
    stroke = null;
    pen.down = false;
    paint();
  }

  paint();
  return { canvas, clear, paint };
}
