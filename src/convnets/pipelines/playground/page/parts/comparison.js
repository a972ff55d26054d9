import { element } from "../dom.js";
import { argmax } from "../engine/tensor.js";
import { createCard } from "./card.js";
import { createMaps } from "./shift_maps.js";
import { baseDigit } from "../panel.js";
import { moveDigit } from "../engine/digit.js";
import { COMPARISON_STRINGS } from "../strings/page.js";

/** @typedef {import("../context.js").Context} Context */

/** @type {Record<string, import("../state.js").Field>} */
export const COMPARISON_FIELDS = {};

const SPEAK_DELAY = 700; // milliseconds without a change, after which screen readers are told
const UNMOVED = { x: 0, y: 0, angle: 0, scale: 1 };

/**
 * CNN against FCN: the answers of all networks to one digit.
 * @param {HTMLElement} root An empty section.
 * @param {Context} context
 */
export function mountComparison(root, context) {
  const { networks, classNames } = context.page;
  const cards = networks.map((network) => createCard(network, classNames));
  const spoken = element("p", { class: "unseen", role: "status" });
  let guessed = -1; // the class of a drawing, as most networks say
  /** @type {number | undefined} */
  let timer;
  const label = () => (context.label() >= 0 ? context.label() : guessed);
  const maps = createMaps(context, cards, label);
  root.append(
    element("p", { class: "explanation", text: COMPARISON_STRINGS.text }),
    element("div", { class: "cards" }, cards.map((card) => card.root)),
    spoken,
  );

  function judge() {
    for (const card of cards) card.judge(label());
    maps.paint();
    clearTimeout(timer);
    timer = setTimeout(() => (spoken.textContent = cards.map((card) => card.summary()).join("; ")), SPEAK_DELAY);
  }

  function ask() {
    const image = context.image();
    const empty = isEmpty(image);
    root.dataset.settled = "false"; // until all bars tell of this image
    const asked = networks.map(async ({ name }, index) => {
      const answer = empty ? null : await context.compute({ kind: "run", network: name, image }, { channel: name });
      if (!answer && !empty) return null; // a newer image has taken its place
      if (!empty && isEmpty(context.image())) return null; // the drawing was cleared in the meantime
      cards[index].show(answer);
      judge();
      return answer;
    });
    Promise.all(asked).then((answers) => {
      if (image !== context.image() || (!empty && answers.includes(null))) return;
      if (empty || !isMoved()) vote(answers);
      root.dataset.settled = "true";
    });
  }

  function isMoved() {
    const state = context.state();
    return Object.entries(UNMOVED).some(([name, value]) => state[name] !== value);
  }

  /** Ask what a drawing that has been moved was before. */
  async function guess() {
    const image = moveDigit(baseDigit(context.page, context.state()), UNMOVED);
    const answers = await Promise.all(
      networks.map(({ name }) => context.compute({ kind: "run", network: name, image }, { channel: `guess ${name}` })),
    );
    if (!answers.includes(null)) vote(answers);
  }

  /**
   * Take a drawing for what most networks take it for; of several answers as frequent, for the first network's.
   * @param {(import("../client.js").Answer | null)[]} answers To the drawing unmoved; `null`: there is none.
   */
  function vote(answers) {
    const classes = answers.map((answer) => (answer ? argmax(answer.probabilities) : -1));
    const votes = classes.map((one) => classes.filter((other) => other === one).length);
    guessed = classes[argmax(votes)];
    judge();
  }

  context.subscribe((state, changed) => {
    if (changed.has("image")) ask();
    if (state.test < 0 && isMoved() && ["test", "drawing"].some((name) => changed.has(name))) guess();
    if (["test", "drawing", "angle", "scale"].some((name) => changed.has(name))) maps.restart();
    if (["image", "meant", "theme"].some((name) => changed.has(name))) judge();
  });
}

/** @param {Float32Array} image */
function isEmpty(image) {
  return image.every((pixel) => pixel === 0);
}
