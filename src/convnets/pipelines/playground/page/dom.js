/**
 * Make an element. Texts are set as text, never as markup.
 * @param {string} tag
 * @param {Record<string, any>} [properties] `text`, `class`, `on` (listeners by event); others are attributes.
 * @param {(Node | string)[]} [children]
 * @returns {any}
 */
export function element(tag, properties = {}, children = []) {
  const made = document.createElement(tag);
  const { text, class: name, on = {}, ...attributes } = properties;
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(attribute, "");
    else if (value !== false && value !== null) made.setAttribute(attribute, String(value));
  }
  made.append(...children);
  return made;
}

/**
 * Draw an image of one channel into a canvas, one canvas pixel each: ink is dark on light, and light on dark.
 * @param {HTMLCanvasElement} canvas Gets the size of the image; CSS enlarges it with `image-rendering: pixelated`.
 * @param {ArrayLike<number>} values
 * @param {{width: number, height: number, from?: number, to?: number}} options `from` is background, `to` is ink.
 */
export function drawGrey(canvas, values, { width, height, from = 0, to = 1 }) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(width, height);
  const dark = isDark();
  for (let index = 0; index < width * height; index++) {
    const ink = to === from ? 0 : Math.min(Math.max((values[index] - from) / (to - from), 0), 1);
    const level = Math.round(255 * (dark ? ink : 1 - ink));
    image.data.set([level, level, level, 255], 4 * index);
  }
  context.putImageData(image, 0, 0);
}

/** Whether the page is shown light on dark. */
export function isDark() {
  return document.documentElement.dataset.theme === "dark";
}
