/**
 * The control of one axis.
 *
 * @typedef {import("./explorer.js").App} App
 * @typedef {import("./model.js").Axis} Axis
 * @typedef {import("./model.js").Ladder} Ladder
 * @typedef {import("./model.js").Rows} Rows
 * @typedef {import("./model.js").State} State
 * @typedef {import("./model.js").Value} Value
 */
import { make, mark, radios, write } from "./dom.js";
import { domain } from "./model.js";

/** @typedef {{node: HTMLElement, show: (value: Value, allowed: Value[], to: Value | undefined) => void}} Control */

/**
 * Make the control of an axis: a bit is a check box, a few short values are radio buttons, and others are a list.
 * @param {App} app @param {Axis} axis @returns {Control}
 */
export const axisControl = (app, axis) => {
  const { column, values } = axis;
  const title = `${column} (${axis.where}): ${axis.meaning}`;
  const to = make("span", { class: "to" });
  /** @param {Value} value */
  const set = (value) => app.change({ [column]: value }, { complete: column === "VMX" });
  /** @param {Value[]} allowed @param {Value | undefined} changed */
  const say = (allowed, changed) => {
    write(to, changed === undefined ? "" : `→ ${changed}`);
    const names = app.view.ladders.map((each) => each.source).join(" and ");
    mark(node, "title", allowed.length < values.length ? `${title}. No verdict by ${names} on other values.` : title);
  };
  // The control says its name itself, and should not be heard twice.
  const name = make("span", { class: "name", "aria-hidden": "true" }, column);
  /** @type {HTMLElement} */
  let node;
  if (values.length === 2 && values[0] === 0) {
    const input = make("input", {
      type: "checkbox",
      class: "cover",
      "aria-label": column,
      onchange: () => set(Number(input.checked)),
    });
    const cell = make("span", { class: "cell", "aria-hidden": "true" });
    // The input comes right before its cell, so that the style can follow it.
    node = make("label", { class: "bit", "data-axis": column }, name, input, cell, to);
    return {
      node,
      show(value, allowed, changed) {
        input.checked = value === 1;
        input.disabled = allowed.length < 2 && allowed.includes(value);
        write(cell, String(value));
        say(allowed, changed);
      },
    };
  }
  if (values.join("").length <= 16) {
    const choice = radios(column, values, set);
    node = make("span", { class: "bit", "data-axis": column }, name, choice.node, to);
    return {
      node,
      show(value, allowed, changed) {
        choice.inputs.forEach((input, n) => {
          input.checked = values[n] === value;
          input.disabled = !allowed.includes(values[n]);
        });
        say(allowed, changed);
      },
    };
  }
  const list = make("select", { "aria-label": column, onchange: () => set(list.value) });
  node = make("label", { class: "bit", "data-axis": column }, name, list, to);
  list.append(...values.map((value) => make("option", { value }, String(value))));
  return {
    node,
    show(value, allowed, changed) {
      for (const option of list.options) option.disabled = !allowed.includes(option.value);
      list.value = String(value);
      say(allowed, changed);
    },
  };
};

/** The values of an axis about which all these ladders say something. @param {Rows} rows @param {Ladder[]} ladders
 * @param {Axis} axis @returns {Value[]} */
export const commonDomain = (rows, ladders, axis) =>
  axis.values.filter((value) => ladders.every((each) => domain(rows, each, axis.column).includes(value)));

/** Whether all ladders say something about these values. @param {Rows} rows @param {Ladder[]} ladders
 * @param {State} values @returns {boolean} */
export const allowedBy = (rows, ladders, values) =>
  Object.entries(values).every(([name, value]) => ladders.every((each) => domain(rows, each, name).includes(value)));
