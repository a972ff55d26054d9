/** What the page says beside its parts. A value with {name} is filled in by `fill`. */
export const PAGE_STRINGS = {
  title: "Convolutional networks, live",
  about: "{networks}, trained on {dataset}, run in this page. Nothing you draw leaves it.",
  parts: { comparison: "CNN against FCN", convolution: "How convolution works", inside: "Inside the network" },
  presenter: "Presenter",
  presenterHint: "Large, without explanations",
  light: "Light",
  dark: "Dark",
  link: "Copy link",
  copied: "Link copied",
  copyByHand: "The link is the address of this page",
  draw: "Draw here",
  drawHint: "Draw a digit. By keyboard: arrows move the pen, space lowers and lifts it, delete clears.",
  seen: "What the networks see",
  seenHint: "Drag it, or use the arrow keys. Home brings it back.",
  noDigit: "Nothing to see yet",
  clear: "Clear",
  previous: "Previous test image",
  next: "Next test image",
  testImage: "Test image {index}: {label}",
  drawing: "Your drawing",
  meant: "It is",
  meantAuto: "as most say",
  moves: { x: "Right", y: "Down", angle: "Turn", scale: "Size" },
  units: { x: "px", y: "px", angle: "°", scale: "×" },
  wander: "Wander",
  stop: "Stop",
  centre: "Centre",
  loading: "Networks are being loaded ...",
};

/** Of the part "CNN against FCN". */
export const COMPARISON_STRINGS = {
  text: "Draw a digit or take a test image, then move it. The fully connected network has learned the digits in the middle of the image only; a convnet looks for the same small patterns everywhere, and so holds out longer. None of the lecture's three recognizes it anywhere.",
  right: "right",
  wrong: "wrong",
  unknown: "no digit",
  probabilities: "Probabilities that {network} gives",
  classColumn: "Class",
  probabilityColumn: "Probability",
  parameters: "{count} parameters",
  accuracy: "{accuracy} % right on test images ({low} to {high})",
  milliseconds: "{milliseconds} ms per image here",
  map: "Where {network} is right",
  mapHint: "Each square is a shift of the digit, up to {distance} pixels: coloured where the answer is right. The ring is where the digit is now.",
  mapSummary: "right at {right} of {asked} shifts",
};

/**
 * Put values in the place of {names}.
 * @param {string} template
 * @param {Record<string, string | number>} values
 */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
