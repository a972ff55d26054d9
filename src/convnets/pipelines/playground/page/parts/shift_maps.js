import { isDark } from "../dom.js";
import { moveDigit } from "../engine/digit.js";
import { argmax } from "../engine/tensor.js";
import { baseDigit } from "../panel.js";
import { COMPARISON_STRINGS, fill } from "../strings/page.js";

/** @typedef {import("../context.js").Context} Context */
/** @typedef {import("./card.js").Card} Card */

const DISTANCE = 8; // pixels, by which the digit is shifted at most
const SHIFTS = 2 * DISTANCE + 1; // in each direction
const CELL = 12; // pixels of the canvas
const PAUSE = 300; // milliseconds without a change, before a map is begun
const NOT_ASKED = -1;

export const MAP_SIDE = SHIFTS * CELL;

/** All shifts, the nearest first. */
const ORDER = Array.from({ length: SHIFTS * SHIFTS }, (_, index) => ({
  x: (index % SHIFTS) - DISTANCE,
  y: Math.floor(index / SHIFTS) - DISTANCE,
  index,
})).sort((a, b) => Math.hypot(a.x, a.y) - Math.hypot(b.x, b.y));

/**
 * Maps of the shifts at which each network is right, filled while one looks: the Worker does what is urgent first.
 * @param {Context} context
 * @param {Card[]} cards
 * @param {() => number} label The class that is right; -1: not known.
 */
export function createMaps(context, cards, label) {
  const answers = cards.map(() => new Int16Array(SHIFTS * SHIFTS).fill(NOT_ASKED));
  let generation = 0;
  let frame = 0;
  /** @type {number | undefined} */
  let timer;
  /** What the maps are of; where it has not changed, they go on. */
  let key = "";

  for (const card of cards) {
    card.map.title = fill(COMPARISON_STRINGS.mapHint, { distance: DISTANCE });
    const go = (/** @type {PointerEvent} */ event) => event.buttons && context.setState(shiftAt(card.map, event));
    card.map.addEventListener("pointerdown", go);
    card.map.addEventListener("pointermove", go);
  }

  function restart() {
    const { test, drawing, angle, scale } = context.state();
    const next = JSON.stringify([test, test < 0 ? drawing : "", angle, scale]);
    generation++;
    clearTimeout(timer);
    timer = setTimeout(fillMaps, PAUSE, generation, next);
  }

  /** @param {number} current @param {string} next */
  async function fillMaps(current, next) {
    if (key !== next) for (const map of answers) map.fill(NOT_ASKED);
    key = next;
    const { angle, scale } = context.state();
    const digit = baseDigit(context.page, context.state());
    if (digit.every((pixel) => pixel === 0)) return paint();
    for (const { x, y, index } of ORDER) {
      const image = moveDigit(digit, { x, y, angle, scale });
      for (const [place, { name }] of cards.entries()) {
        if (answers[place][index] !== NOT_ASKED) continue;
        if (current !== generation || context.state().part !== "comparison") return;
        const options = { channel: `map ${name}`, priority: 1 };
        const answer = await context.compute({ kind: "run", network: name, image }, options);
        if (!answer || current !== generation) return;
        cards[place].clock(answer.milliseconds);
        answers[place][index] = argmax(answer.probabilities);
        paint();
      }
    }
  }

  /** Paint all maps with the next frame. */
  function paint() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      cards.forEach((card, place) => paintMap(card, answers[place], label(), context.state()));
    });
  }

  return { restart, paint };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {PointerEvent} event
 */
function shiftAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const at = (/** @type {number} */ share) => Math.min(Math.max(Math.floor(share * SHIFTS), 0), SHIFTS - 1) - DISTANCE;
  return { x: at((event.clientX - box.left) / box.width), y: at((event.clientY - box.top) / box.height) };
}

/**
 * @param {Card} card
 * @param {Int16Array} answers
 * @param {number} label
 * @param {import("../state.js").State} state
 */
function paintMap(card, answers, label, state) {
  const context = /** @type {CanvasRenderingContext2D} */ (card.map.getContext("2d"));
  const dark = isDark();
  context.fillStyle = dark ? "#20252c" : "#eceef1";
  context.fillRect(0, 0, MAP_SIDE, MAP_SIDE);
  let [asked, right] = [0, 0];
  answers.forEach((answer, index) => {
    if (answer === NOT_ASKED) return;
    const [left, top] = [(index % SHIFTS) * CELL, Math.floor(index / SHIFTS) * CELL];
    asked++;
    if (answer === label) {
      right++;
      context.fillStyle = card.colour;
      context.fillRect(left, top, CELL - 1, CELL - 1);
    } else {
      context.fillStyle = dark ? "#8b95a3" : "#7b8490";
      context.fillRect(left + CELL / 2 - 2, top + CELL / 2 - 2, 3, 3);
    }
  });
  if (Math.abs(state.x) <= DISTANCE && Math.abs(state.y) <= DISTANCE) {
    context.lineWidth = 3;
    context.strokeStyle = dark ? "#ffffff" : "#000000";
    context.strokeRect((state.x + DISTANCE) * CELL - 1, (state.y + DISTANCE) * CELL - 1, CELL + 1, CELL + 1);
  }
  const summary = asked ? fill(COMPARISON_STRINGS.mapSummary, { right, asked }) : "";
  const named = fill(COMPARISON_STRINGS.map, { network: card.name });
  card.mapSummary.textContent = summary;
  card.map.setAttribute("aria-label", summary ? `${named}: ${summary}` : named);
}
