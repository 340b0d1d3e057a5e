/**
 * The table of checks, with the controls of the bits that they read.
 *
 * @typedef {import("./controls.js").Control} Control
 * @typedef {import("./explorer.js").App} App
 * @typedef {import("./explorer.js").Part} Part
 * @typedef {import("./explorer.js").View} View
 * @typedef {import("./model.js").Axis} Axis
 * @typedef {import("./model.js").Ladder} Ladder
 * @typedef {import("./model.js").Rung} Rung
 * @typedef {import("./model.js").Value} Value
 */
import { axisControl, commonDomain } from "./controls.js";
import { button, make, mark, paint, write } from "./dom.js";
import { conditionText } from "./model.js";

const SIGNS = ["✓", "■", "○", "·"]; // for `rows.marks`, in their order

/** @typedef {(Rung | null)[]} Pair the check of each ladder with one name */

/** Align the checks of two ladders by name, each in its order as far as that is possible.
 * @param {Ladder[]} ladders @returns {Pair[]} */
export const aligned = ([one, other]) => {
  if (!other) return one.rungs.map((rung) => [rung]);
  const names = new Set(one.rungs.map((rung) => rung.name));
  const left = [...other.rungs];
  /** @type {Pair[]} */
  const found = [];
  for (const rung of one.rungs) {
    const at = left.findIndex((each) => each.name === rung.name);
    // What only the other has, and has before this one, comes before it.
    for (const each of at < 0 ? [] : left.slice(0, at)) {
      if (names.has(each.name)) continue;
      found.push([null, each]);
      left.splice(left.indexOf(each), 1);
    }
    const same = left.findIndex((each) => each.name === rung.name);
    found.push([rung, same < 0 ? null : left.splice(same, 1)[0]]);
  }
  return [...found, ...left.map((each) => /** @type {Pair} */ ([null, each]))];
};

/** The table: one row for each check, with the controls of the bits that it reads. @param {App} app @returns {Part} */
export const checksTable = (app) => {
  const { rows } = app;
  const body = make("tbody", { role: "rowgroup" });
  const head = make("tr", { role: "row" });
  const table = make("table", { class: "checks", role: "table" }, make("thead", { role: "rowgroup" }, head), body);
  /** @type {{node: HTMLElement, pair: Pair, marks: HTMLElement[], own: boolean}[]} */
  let lines = [];
  /** @type {{axis: Axis, control: Control, allowed: Value[]}[]} */
  let controls = [];
  /** @type {Ladder[]} */
  let shown = [];

  /** @param {string} column @returns {HTMLElement | string} */
  const controlOf = (column) => {
    const axis = rows.axes.find((each) => each.column === column);
    if (!axis) return column;
    const control = axisControl(app, axis);
    controls.push({ axis, control, allowed: commonDomain(rows, shown, axis) });
    return control.node;
  };

  /** @param {string} name @param {...(Node | string)} children */
  const cell = (name, ...children) => make("td", { class: name, role: "cell" }, ...children);

  /** @param {Pair} pair */
  const rowOf = (pair) => {
    const rungs = /** @type {Rung[]} */ (pair.filter((each) => each !== null));
    const [rung] = rungs;
    const read = [...new Set(rungs.flatMap((each) => Object.keys(each.when)))];
    const wanted = read.filter((name) => app.axes === null || app.axes.includes(name));
    const endings = [...new Set(rungs.map((each) => each.ending))];
    const marks = pair.map((_, n) => cell(n ? "mark mark2" : "mark"));
    marks.forEach((node, n) => {
      node.dataset.source = shown[n].source;
    });
    const more = button("where", () => open(more, line, rungs, read), {
      "aria-expanded": "false",
      "aria-label": `where "${rung.name}" is written`,
    });
    const [first, ...others] = endings;
    const line = make(
      "tr",
      { role: "row" },
      cell("number", pair.map((each) => each?.number ?? "–").join(" · ")),
      make("th", { class: "asks", scope: "row", role: "rowheader" }, rung.name),
      cell("bits", ...wanted.map(controlOf)),
      ...marks,
      cell("ending", first, ...others.map((each) => make("span", {}, `${shown[1].source}: ${each}`))),
      cell("by", rung.by),
      cell("why", `${rung.reason} `, more),
    );
    paint(line, rows, rung.outcome);
    return { node: line, pair, marks, own: wanted.length > 0 };
  };

  /** Show or hide where a check is written. @param {Element} more @param {HTMLElement} line @param {Rung[]} rungs
   * @param {string[]} read */
  const open = (more, line, rungs, read) => {
    const opened = more.getAttribute("aria-expanded") === "true";
    mark(more, "aria-expanded", String(!opened));
    if (opened) {
      line.nextElementSibling?.remove();
      return;
    }
    const facts = rungs.map((each) =>
      make(
        "li",
        {},
        `${rungs.length > 1 ? `${shown[shown.length > 1 && each === rungs[1] ? 1 : 0].source}: ` : ""}` +
          `fails if ${conditionText(each.when)}. ${each.by} checks it. ${each.shadowed ? `Never reached: ${each.shadowed}. ` : ""}Written in: ${each.source}.`,
      ),
    );
    const bits = rows.axes
      .filter((axis) => read.includes(axis.column))
      .map((axis) =>
        make("li", {}, make("b", {}, axis.column), ` (${axis.where}): ${axis.meaning}. Set by ${axis.set_by}.`),
      );
    line.after(make("tr", { class: "detail", role: "row" }, cell("text", make("ul", {}, ...facts, ...bits))));
  };

  /** @param {View} view */
  const build = ({ question, ladders }) => {
    shown = ladders;
    controls = [];
    const names = [
      "#",
      "asks for",
      "bits",
      ...ladders.map((each) => (ladders.length > 1 ? each.source : "mark")),
      "otherwise",
      "who checks",
      "why",
    ];
    const styles = [
      "number",
      "asks",
      "bits",
      ...ladders.map((_, n) => (n ? "mark mark2" : "mark")),
      "ending",
      "by",
      "why",
    ];
    head.replaceChildren(
      ...names.map((name, n) => make("th", { scope: "col", role: "columnheader", class: styles[n] }, name)),
    );
    lines = aligned(ladders).map(rowOf);
    const read = new Set(ladders.flatMap((each) => each.rungs.flatMap((rung) => Object.keys(rung.when))));
    const own = rows.instructions.find((each) => each.name === question.instruction)?.axes ?? [];
    const others = (app.axes ?? own).filter((name) => !read.has(name) && own.includes(name));
    const sources = ladders.map((each) => each.source).join(" or ");
    const rest = make(
      "tr",
      { class: "other", role: "row" },
      cell("text", make("b", {}, "Other bits"), ` no check of ${sources} reads them: `, ...others.map(controlOf)),
    );
    body.replaceChildren(...lines.map(({ node }) => node), ...(others.length ? [rest] : []));
    mark(
      table,
      "aria-label",
      `the checks of ${question.instruction} by ${ladders.map((each) => each.source).join(" and ")}, in order`,
    );
  };

  return {
    node: table,
    show(view) {
      const { ladders, verdicts, question, repair } = view;
      if (ladders.some((each, n) => each !== shown[n]) || ladders.length !== shown.length) build(view);
      const steps = verdicts.map((each) => each.steps.map((step) => step.mark));
      let different = false;
      for (const { node, pair, marks, own } of lines) {
        const words = pair.map((rung, n) => (rung ? steps[n][rung.number - 1] : "not checked"));
        for (const [n, word] of words.entries()) {
          write(marks[n], `${SIGNS[rows.marks.indexOf(word)] ?? "–"} ${word}`);
          mark(marks[n], "data-mark", word);
        }
        const decides = words.includes(rows.marks[1]);
        const loudest = decides ? rows.marks[1] : words[0] === "not checked" ? words[1] : words[0];
        mark(node, "data-mark", loudest);
        mark(node, "aria-current", decides ? "true" : null);
        const apart = words.length > 1 && decides && (words[0] !== words[1] || pair[0]?.ending !== pair[1]?.ending);
        mark(node, "data-first", apart && !different ? "" : null);
        different ||= apart;
        node.hidden = app.axes !== null && !own && !decides;
      }
      for (const { axis, control, allowed } of controls) {
        control.show(question.state[axis.column], allowed, repair?.changes[axis.column]);
      }
    },
  };
};
