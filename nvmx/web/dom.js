/**
 * Small helpers that make and change nodes.
 *
 * @typedef {import("./model.js").Rows} Rows
 * @typedef {import("./model.js").Value} Value
 */

/**
 * Make an element.  Attributes: `onclick` and the like listen; false and null are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, unknown>} [attributes] @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
};

/** @param {Node} node @param {string} text */
export const write = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

/** @param {Element} node @param {string} name @param {string | null} value */
export const mark = (node, name, value) => {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
};

/** Paint a node in an outcome's colours. @param {HTMLElement} node @param {Rows} rows @param {string} name
 * @param {string} [property] */
export const paint = (node, rows, name, property = "--own") => {
  if (node.dataset.outcome === name) return;
  const look = rows.outcomes.find((each) => each.name === name);
  if (!look) return;
  node.dataset.outcome = name;
  node.style.setProperty(property, look.colour);
  node.style.setProperty(`${property}-ink`, look.ink);
};

/** @param {string} text @returns {string} with arrows */
export const arrows = (text) => text.replaceAll("->", "→");

/** @param {string} text @param {EventListener} onclick @param {Record<string, unknown>} [more] */
export const button = (text, onclick, more = {}) => {
  /** @param {Event} event */
  const press = (event) => {
    if (/** @type {Element} */ (event.currentTarget).getAttribute("aria-disabled") !== "true") onclick(event);
  };
  return make("button", { type: "button", onclick: press, ...more }, text);
};

/** @param {Element} node @param {boolean} disabled; it keeps the focus */
export const disable = (node, disabled) => mark(node, "aria-disabled", String(disabled));

let count = 0;

/** @returns {string} a name that nothing else on the page has */
export const unique = () => `nvmx-${++count}`;

/** @param {string} title @param {string} name @param {...Node} children */
export const group = (title, name, ...children) => {
  const id = unique();
  return make("div", { class: name, role: "group", "aria-labelledby": id }, make("h2", { id }, title), ...children);
};

/** Make radio buttons that look like cells.
 * @param {string} name @param {Value[]} values @param {(value: Value) => void} chosen @param {string} [style] */
export const radios = (name, values, chosen, style = "") => {
  const shared = unique();
  const inputs = values.map((value) =>
    make("input", { type: "radio", class: "cover", name: shared, onchange: () => chosen(value) }),
  );
  const labels = inputs.map((input, n) =>
    make("label", {}, input, make("span", { class: `cell ${style}` }, String(values[n]))),
  );
  return { node: make("span", { class: "choice", role: "radiogroup", "aria-label": name }, ...labels), inputs };
};

/** @param {HTMLSelectElement} node @param {[value: string, text: string][]} options */
export const fill = (node, options) => {
  const text = JSON.stringify(options);
  if (node.dataset.options === text) return;
  node.dataset.options = text;
  node.replaceChildren(...options.map(([value, name]) => make("option", { value }, name)));
};
