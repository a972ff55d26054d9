/** @typedef {string | number | boolean} Value */
/**
 * One entry of the state: its default, whose type it has, and what it may be.
 * @typedef {{value: Value, min?: number, max?: number, allowed?: readonly Value[]}} Field
 */
/** @typedef {Record<string, any>} State */
/** @typedef {(state: State, changed: Set<string>) => void} Listener */
/** @typedef {ReturnType<typeof createState>} Store */

const FRAGMENT_DELAY = 250; // milliseconds: browsers complain of addresses that change more often

/**
 * The state of the page: a flat record, of which the address' fragment holds what differs from the defaults.
 * @param {Record<string, Field>} fields
 */
export function createState(fields) {
  /** @type {State} */
  let state = defaultsOf(fields);
  /** @type {Set<Listener>} */
  const listeners = new Set();
  /** @type {number | undefined} */
  let timer;

  /** @param {State} patch What is not allowed is left as it is. */
  function set(patch) {
    const accepted = Object.entries(patch).filter(([name, value]) => isAllowed(fields[name], value));
    const changed = new Set(accepted.filter(([name, value]) => state[name] !== value).map(([name]) => name));
    if (changed.size === 0) return;
    state = { ...state, ...Object.fromEntries(accepted) };
    clearTimeout(timer);
    timer = setTimeout(() => writeFragment(toFragment(fields, state)), FRAGMENT_DELAY);
    for (const listener of listeners) listener(state, changed);
  }

  /** @param {string} fragment */
  function readFragment(fragment) {
    set({ ...defaultsOf(fields), ...fromFragment(fields, fragment) });
  }

  // The page may have written its own address over the new one before it is told of that.
  addEventListener("hashchange", (event) => readFragment(new URL(event.newURL).hash));
  return {
    get: () => state,
    set,
    readFragment,
    fragment: () => toFragment(fields, state),
    /** @param {Listener} listener Called with the state and the names of what has changed. */
    subscribe: (listener) => void listeners.add(listener),
  };
}

/** @param {Record<string, Field>} fields */
function defaultsOf(fields) {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value]));
}

/**
 * @param {Field | undefined} field
 * @param {unknown} value
 */
function isAllowed(field, value) {
  if (!field || typeof value !== typeof field.value) return false;
  if (typeof value === "number") {
    if (!(value >= (field.min ?? -Infinity) && value <= (field.max ?? Infinity))) return false;
  }
  return !field.allowed || field.allowed.includes(/** @type {Value} */ (value));
}

/**
 * @param {Record<string, Field>} fields
 * @param {State} state
 */
function toFragment(fields, state) {
  const different = Object.keys(fields).filter((name) => state[name] !== fields[name].value);
  return new URLSearchParams(different.map((name) => [name, String(state[name])])).toString();
}

/**
 * @param {Record<string, Field>} fields
 * @param {string} fragment With or without its #.
 * @returns {State} What it says; what is not allowed is left out.
 */
function fromFragment(fields, fragment) {
  /** @type {State} */
  const state = {};
  for (const [name, text] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    const kind = typeof fields[name]?.value;
    const value = kind === "number" && text.trim() !== "" ? Number(text) : kind === "boolean" ? text === "true" : text;
    if (isAllowed(fields[name], value)) state[name] = value;
  }
  return state;
}

/** @param {string} fragment */
function writeFragment(fragment) {
  try {
    history.replaceState(null, "", `#${fragment}`);
  } catch {
    // A sandboxed frame has no address that could be changed.
  }
}
