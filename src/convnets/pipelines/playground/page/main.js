import { createClient } from "./client.js";
import { element } from "./dom.js";
import { moveDigit } from "./engine/digit.js";
import { decodeBase64 } from "./engine/network.js";
import { mountPanel, PANEL_FIELDS, baseDigit } from "./panel.js";
import { COMPARISON_FIELDS, mountComparison } from "./parts/comparison.js";
import { CONVOLUTION_FIELDS, mountConvolution } from "./parts/convolution.js";
import { INSIDE_FIELDS, mountInside } from "./parts/inside.js";
import { createState } from "./state.js";
import { fill, PAGE_STRINGS } from "./strings/page.js";

/** @typedef {import("./context.js").Context} Context */
/** @typedef {import("./context.js").Page} Page */
/** @typedef {import("./state.js").Listener} Listener */
/** @typedef {import("./state.js").Store} Store */

const PIXELS = 28 * 28;
/** @type {Record<string, (root: HTMLElement, context: Context) => void>} */
const PARTS = { comparison: mountComparison, convolution: mountConvolution, inside: mountInside };
const DIGIT_FIELDS = ["test", "drawing", "x", "y", "angle", "scale"]; // on which the image depends

/**
 * @param {any} data As Python embeds it.
 * @returns {Page}
 */
function readPage(data) {
  const bytes = decodeBase64(data.test.images);
  const images = data.test.labels.map((/** @type {number} */ _, /** @type {number} */ index) =>
    bytes.subarray(index * PIXELS, (index + 1) * PIXELS),
  );
  const withoutWeights = (/** @type {any} */ { weights, ...layer }) => ({
    ...layer,
    ...(layer.layers ? { layers: layer.layers.map(withoutWeights) } : {}),
  });
  const networks = data.networks.map((/** @type {any} */ network) => ({
    ...network,
    layers: network.layers.map(withoutWeights),
  }));
  return { ...data, test: { ...data.test, images }, networks };
}

/** @returns {Worker} Made of the text of the page, so that it needs no file of its own. */
function startWorker() {
  const sources = ["engine", "worker"].map((id) => document.getElementById(id)?.textContent ?? "");
  const address = URL.createObjectURL(new Blob(sources, { type: "text/javascript" }));
  return new Worker(address);
}

/** @param {Store} store */
function followTheme(store) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = store.get().theme === "auto" ? (dark.matches ? "dark" : "light") : store.get().theme;
    document.documentElement.dataset.theme = theme;
    document.documentElement.classList.toggle("presenter", store.get().presenter);
  };
  apply();
  return { apply, media: dark };
}

/**
 * @param {Store} store
 * @param {Page} page
 */
function buildHeader(store, page) {
  const names = page.networks.map((network) => network.name).join(", ");
  const tabs = Object.keys(PARTS).map((name) =>
    element("button", {
      text: PAGE_STRINGS.parts[/** @type {keyof typeof PAGE_STRINGS.parts} */ (name)],
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      "aria-controls": name,
      on: { click: () => store.set({ part: name }) },
    }),
  );
  const tablist = element("div", { role: "tablist", class: "tabs" }, tabs);
  tablist.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const parts = Object.keys(PARTS);
    const next = (parts.indexOf(store.get().part) + step + parts.length) % parts.length;
    store.set({ part: parts[next] });
    tabs[next].focus();
  });
  return element("header", {}, [
    element("h1", { text: PAGE_STRINGS.title }),
    tablist,
    element("div", { class: "tools" }, buildTools(store)),
    element("p", { class: "explanation", text: fill(PAGE_STRINGS.about, { networks: names, dataset: page.dataset }) }),
  ]);
}

/** @param {Store} store */
function buildTools(store) {
  const presenter = element("button", {
    type: "button",
    id: "presenter",
    text: PAGE_STRINGS.presenter,
    title: PAGE_STRINGS.presenterHint,
    on: { click: () => store.set({ presenter: !store.get().presenter }) },
  });
  const theme = element("button", {
    type: "button",
    id: "theme",
    on: { click: () => store.set({ theme: document.documentElement.dataset.theme === "dark" ? "light" : "dark" }) },
  });
  const said = element("span", { role: "status", class: "said" });
  const link = element("button", {
    type: "button",
    id: "link",
    text: PAGE_STRINGS.link,
    on: { click: async () => (said.textContent = await copyLink(store.fragment())) },
  });
  const update = () => {
    presenter.setAttribute("aria-pressed", String(store.get().presenter));
    theme.textContent =
      document.documentElement.dataset.theme === "dark" ? PAGE_STRINGS.light : PAGE_STRINGS.dark;
  };
  new MutationObserver(update).observe(document.documentElement, { attributes: true });
  update();
  return [presenter, theme, link, said];
}

/**
 * @param {string} fragment
 * @returns {Promise<string>} What to tell the user.
 */
async function copyLink(fragment) {
  try {
    await navigator.clipboard.writeText(`${location.href.split("#")[0]}#${fragment}`);
    return PAGE_STRINGS.copied;
  } catch {
    return PAGE_STRINGS.copyByHand;
  }
}

function start() {
  const data = JSON.parse(/** @type {any} */ (document.getElementById("data")).textContent);
  const worker = startWorker();
  worker.postMessage({ kind: "networks", networks: data.networks });
  const page = readPage(data);
  const store = createState({
    part: { value: "comparison", allowed: Object.keys(PARTS) },
    presenter: { value: false },
    theme: { value: "auto", allowed: ["auto", "light", "dark"] },
    ...PANEL_FIELDS,
    test: { value: 0, allowed: [-1, ...page.test.labels.keys()] }, // -1: the drawing
    meant: { value: -1, allowed: [-1, ...page.classNames.keys()] }, // -1: what most networks say
    ...COMPARISON_FIELDS,
    ...CONVOLUTION_FIELDS,
    ...INSIDE_FIELDS,
  });
  store.readFragment(location.hash);
  const theme = followTheme(store);
  worker.onmessage = () => buildPage(page, store, theme, createClient(worker));
}

/**
 * @param {Page} page
 * @param {Store} store
 * @param {ReturnType<typeof followTheme>} theme
 * @param {ReturnType<typeof createClient>} client
 */
function buildPage(page, store, theme, client) {
  let image = currentImage(page, store.get());
  /** @type {Record<string, {root: HTMLElement, listeners: Listener[]}>} */
  const parts = {};
  /** @type {Listener[]} */
  const always = [];
  /** @type {(listeners: Listener[]) => Context} */
  const contextOf = (listeners) => ({
    page,
    state: store.get,
    setState: store.set,
    subscribe: (listener) => void listeners.push(listener),
    compute: client.compute,
    image: () => image,
    label: () => (store.get().test >= 0 ? page.test.labels[store.get().test] : store.get().meant),
  });
  const panel = element("section", { class: "panel", "aria-label": PAGE_STRINGS.draw });
  const main = element("main", {}, [panel]);
  document.body.append(buildHeader(store, page), main);
  mountPanel(panel, contextOf(always));
  for (const [name, mount] of Object.entries(PARTS)) {
    const root = element("section", { id: name, class: "part", role: "tabpanel", "aria-labelledby": `tab-${name}` });
    parts[name] = { root, listeners: [] };
    main.append(root);
    mount(root, contextOf(parts[name].listeners));
  }

  /** @type {Listener} */
  function update(current, changed) {
    theme.apply();
    const names = new Set(changed);
    if (DIGIT_FIELDS.some((name) => names.has(name))) {
      image = currentImage(page, current);
      names.add("image");
    }
    const everything = new Set([...Object.keys(current), "image", "theme"]);
    for (const listener of always) listener(current, names);
    for (const [name, { root, listeners }] of Object.entries(parts)) {
      root.hidden = name !== current.part;
      const tab = /** @type {HTMLElement} */ (document.getElementById(`tab-${name}`));
      tab.setAttribute("aria-selected", String(!root.hidden));
      tab.tabIndex = root.hidden ? -1 : 0;
      if (!root.hidden) for (const listener of listeners) listener(current, names.has("part") ? everything : names);
    }
  }

  store.subscribe(update);
  theme.media.addEventListener("change", () => update(store.get(), new Set(["theme"])));
  update(store.get(), new Set([...Object.keys(store.get()), "image", "theme"]));
  document.documentElement.dataset.ready = String(Math.round(performance.now())); // milliseconds
}

/**
 * @param {Page} page
 * @param {import("./state.js").State} state
 */
function currentImage(page, state) {
  return moveDigit(baseDigit(page, state), /** @type {any} */ (state));
}

start();
