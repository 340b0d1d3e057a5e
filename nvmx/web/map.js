/**
 * The map of modes.
 *
 * @typedef {import("./explorer.js").App} App
 * @typedef {import("./explorer.js").Part} Part
 * @typedef {import("./explorer.js").View} View
 * @typedef {import("./model.js").Axis} Axis
 * @typedef {import("./model.js").Ladder} Ladder
 * @typedef {import("./model.js").State} State
 * @typedef {import("./model.js").Verdict} Verdict
 */
import { allowedBy, commonDomain } from "./controls.js";
import { button, group, make, mark, paint, write } from "./dom.js";
import { modeOf, nearestPossible, verdict } from "./model.js";

/** @typedef {{next: State, verdicts: Verdict[]}} Place the state to which a cell leads, and how it ends there */

const MAP_ROWS = ["CR4.VMXE", "VMX", "CPL"];

/** The map: the modes across, and what else matters most down. @param {App} app @returns {Part} */
export const modesMap = (app) => {
  const { rows } = app;
  const modes = Object.entries(rows.modes);
  const table = make("table", { "aria-label": "how it ends, by mode" });
  const node = group("Map: where you are, and how it ends elsewhere", "map", table);
  /** @type {Ladder[]} */
  let shown = [];
  /** @type {{button: HTMLButtonElement, values: State, cell: HTMLElement}[][]} */
  let cells = [];
  /** @type {HTMLElement[]} */
  let heads = [];
  /** @type {string[]} */
  let down = [];
  /** @type {Set<string>} the axes of the map */
  let spread = new Set();
  /** @type {Map<string, (Place | null)[][]>} */
  const known = new Map();
  /** @type {(Place | null)[][]} what is drawn */
  let drawn = [];

  /** Where a cell leads from a state, and how it ends there; null: no processor can be there.
   * @param {State} state @param {State} values @returns {Place | null} */
  const lead = (state, values) => {
    /** @param {State} next */
    const answers = (next) => shown.map((each) => verdict(rows, each.instruction, each, next));
    const next = { ...state, ...values };
    const verdicts = answers(next);
    if (verdicts[0].possible) return { next, verdicts };
    const near = nearestPossible(rows, { ...shown[0].ready, ...next }, Object.keys(values), shown);
    return Object.keys(values).every((name) => near[name] === values[name])
      ? { next: near, verdicts: answers(near) }
      : null;
  };

  /** Where all cells lead.  They set the axes of the map, so these do not matter. @param {State} state */
  const leads = (state) => {
    const key = Object.keys(state)
      .map((name) => (spread.has(name) ? "" : state[name]))
      .join();
    let found = known.get(key);
    if (!found) {
      found = cells.map((line) =>
        line.map(({ values }) => (allowedBy(rows, shown, values) ? lead(state, values) : null)),
      );
      if (known.size > 500) known.clear();
      known.set(key, found);
    }
    return found;
  };

  /** @param {number} y @param {number} x */
  const focus = (y, x) => {
    for (const line of cells) for (const each of line) each.button.tabIndex = -1;
    cells[y][x].button.tabIndex = 0;
    cells[y][x].button.focus();
  };

  /** @param {KeyboardEvent} event @param {number} y @param {number} x */
  const move = (event, y, x) => {
    const [dy, dx] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [
      0, 0,
    ];
    if (!dy && !dx) return;
    event.preventDefault();
    for (let [v, u] = [y + dy, x + dx]; cells[v]?.[u]; v += dy, u += dx) {
      if (!cells[v][u].button.hidden) {
        focus(v, u);
        return;
      }
    }
  };

  /** @param {View} view */
  const build = ({ ladders }) => {
    shown = ladders;
    const read = new Set(ladders.flatMap((each) => each.axes));
    down = MAP_ROWS.filter((name) => read.has(name));
    const axes = down.map((name) => /** @type {Axis} */ (rows.axes.find((each) => each.column === name)));
    /** @type {State[]} */
    let values = [{}];
    for (const axis of axes) {
      const allowed = commonDomain(rows, ladders, axis);
      values = values.flatMap((each) => allowed.map((value) => ({ ...each, [axis.column]: value })));
    }
    const across = modes.map(([, bits]) => Object.fromEntries(rows.mode_axes.map((name) => [name, bits[name]])));
    // A row is kept if a processor can be in one of its cells, whatever the other bits are.
    const kept = values.filter((each) => lead(ladders[0].ready, each));
    heads = modes.map(([name]) =>
      make(
        "th",
        { scope: "col", "aria-label": name }, // what is seen is short, and has soft hyphens
        name.split(",")[0].replace("compatibility", "compati\u00adbility").replace("protected", "pro\u00adtected"),
      ),
    );
    cells = [];
    drawn = [];
    known.clear();
    spread = new Set([...rows.mode_axes, ...down]);
    const lines = kept.map((each, y) => {
      const bands = down.flatMap((name, n) => {
        const same = (/** @type {State | undefined} */ other) =>
          other !== undefined && down.slice(0, n + 1).every((column) => other[column] === each[column]);
        if (same(kept[y - 1])) return [];
        let length = 1;
        while (same(kept[y + length])) length++;
        return [make("th", { scope: length > 1 ? "rowgroup" : "row", rowspan: length }, String(each[name]))];
      });
      const line = across.map((bits, x) => {
        const all = { ...bits, ...each };
        const press = button(
          "",
          () => {
            const place = leads(app.view.question.state)[y][x];
            if (place) app.change({ ...place.next });
          },
          { tabindex: "-1", onkeydown: (/** @type {KeyboardEvent} */ event) => move(event, y, x) },
        );
        return { button: press, values: all, cell: make("td", {}, press) };
      });
      cells.push(line);
      return make("tr", {}, ...bands, ...line.map(({ cell }) => cell));
    });
    const corner = down.map((name) =>
      make("th", { scope: "col", class: "corner", "aria-label": name }, name.replace(".", ".\u200b")),
    );
    table.replaceChildren(make("thead", {}, make("tr", {}, ...corner, ...heads)), make("tbody", {}, ...lines));
    node.hidden = !down.length;
  };

  /** Draw what has changed. @param {(Place | null)[][]} found */
  const draw = (found) => {
    for (const [y, line] of cells.entries()) {
      for (const [x, { button: press, values }] of line.entries()) {
        const place = found[y][x];
        if (place === drawn[y]?.[x]) continue;
        press.hidden = !place;
        if (!place) continue;
        const [one, other] = place.verdicts;
        const letter = rows.outcomes.find((each) => each.name === one.outcome)?.letter ?? "?";
        const differs = other && other.ending !== one.ending;
        write(press, differs ? `${letter} ≠` : letter);
        paint(press, rows, one.outcome);
        const there = down.map((name) => `${name} ${values[name]}`).join(", ");
        // What is seen is a part of the name, so that one can say it to a computer that listens.
        const seen = differs ? `${letter} ≠, ` : "";
        const ends = `${one.ending}${differs ? `, ${other.source}: ${other.ending}` : ""}`;
        mark(press, "aria-label", `${seen}${modes[x][0]}, ${there}: ${ends}`);
      }
    }
    drawn = found;
  };

  return {
    node,
    show(view) {
      const { ladders, question } = view;
      if (ladders.some((each, n) => each !== shown[n]) || ladders.length !== shown.length) build(view);
      const mode = modeOf(rows, question.state);
      for (const [x, head] of heads.entries()) mark(head, "aria-current", modes[x][0] === mode ? "true" : null);
      draw(leads(question.state));
      /** @type {HTMLButtonElement | null} */
      let entry = null;
      for (const { button: press, values } of cells.flat()) {
        const here = Object.entries(values).every(([name, value]) => question.state[name] === value);
        mark(press, "aria-current", here ? "true" : null);
        press.tabIndex = -1;
        if (!press.hidden && (here || !entry)) entry = press;
      }
      if (entry) entry.tabIndex = 0;
    },
  };
};
