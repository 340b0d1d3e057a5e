/**
 * The explorer: one question, its answer as a table of checks, and everything that changes it.
 *
 * It keeps the question and its history.  Each part of what one sees makes its nodes once; its `show(view)` then changes
 * their texts and attributes.
 *
 * @typedef {import("./model.js").Rows} Rows
 * @typedef {import("./model.js").State} State
 * @typedef {import("./model.js").Ladder} Ladder
 * @typedef {import("./model.js").Repair} Repair
 * @typedef {import("./model.js").Verdict} Verdict
 *
 * @typedef {{instruction: string, source: string, compare: string | null, state: State}} Question `state` has a value
 *   for every axis of the instruction, by column name
 * @typedef {{question: Question, ladders: Ladder[], verdicts: Verdict[], target: string, repair: Repair | null,
 *   nearest: State | null, reached: Set<string>, note: string, canUndo: boolean, canRedo: boolean}} View what is shown:
 *   the ladders and the verdicts are those of the source and of the one it is compared with; `repair` leads to `target`
 * @typedef {{rows: Rows, axes: string[] | null, view: View, change: (changes: State, how?: {complete?: boolean,
 *   typing?: string}) => void, ask: (asked: Partial<Question>) => void, aim: (target: string) => void,
 *   undo: () => void, redo: () => void, restart: () => void, say: (text: string) => void}} App what a part may do
 * @typedef {{node: HTMLElement, show: (view: View) => void}} Part
 * @typedef {Partial<Question> & {axes?: string[] | null, touched?: string[],
 *   onChange?: (question: Question, touched: string[]) => void}} Options `state`: what is not named is ready; `axes`: the
 *   only ones that have a control, in the brief form; null: the whole explorer; `touched`: the columns changed last
 * @typedef {{readonly question: Question, set: (asked: Partial<Question>, touched?: string[]) => void, close: () =>
 *   void}} Controller
 */
import { consequences, headline, meaning, outcomes } from "./answer.js";
import { checksTable } from "./checks.js";
import { allowedBy } from "./controls.js";
import { arrows, make } from "./dom.js";
import { modesMap } from "./map.js";
import { canonical, changesText, ladder, namedValues, nearestPossible, verdict } from "./model.js";
import { addressLine, presets, questionBar } from "./question.js";
import { registers } from "./registers.js";
import { STYLE } from "./style.js";

/** @type {WeakMap<Document, CSSStyleSheet>} */
const SHEETS = new WeakMap();

/** @returns {CSSStyleSheet} one for all explorers of the page */
const sheet = () => {
  let found = SHEETS.get(document);
  if (!found) {
    found = new CSSStyleSheet();
    found.replaceSync(STYLE);
    SHEETS.set(document, found);
  }
  return found;
};

/** @param {Rows} rows @param {string} name a column or a keyword @returns {string} the column */
const columnOf = (rows, name) => {
  const axis = rows.axes.find((each) => each.column === name || each.keyword === name);
  if (!axis) throw new RangeError(`axis: '${name}' is not allowed`);
  return axis.column;
};

/**
 * Show an explorer in an element; what the element held before is not seen any more.
 *
 * `onChange` is called after every change that the user made.  Throws a RangeError for wrong names and values.
 * @param {HTMLElement} element @param {Rows} rows @param {Options} [options] @returns {Controller}
 */
export function explorer(element, rows, options = {}) {
  const brief = options.axes?.map((name) => columnOf(rows, name)) ?? null;
  const hasModes = !brief || rows.mode_axes.every((name) => brief.includes(name));
  const root = make("div", { class: brief ? "root brief" : "root" });
  const live = make("div", { class: "quiet", role: "status" });
  /** @type {{question: Question, touched: string[]}[]} */
  const past = [];
  /** @type {{question: Question, touched: string[]}[]} */
  let future = [];
  /** @type {string[]} what was changed last, and should stay if the state is impossible */
  let touched = options.touched ?? [];
  /** @type {string | null} the register into which one types: all of it is one step back */
  let typing = null;
  let target = "success";
  /** @type {Map<string, Set<string>>} the outcomes reached, for each ladder */
  const reached = new Map();

  /** @param {string} instruction @param {State} values @returns {State} those of the instruction's axes */
  const own = (instruction, values) => {
    const names = rows.instructions.find((each) => each.name === instruction)?.axes ?? [];
    return Object.fromEntries(names.map((name) => [name, values[name]]));
  };

  /** Complete what is asked; what the state does not name is ready. @param {Partial<Question>} asked @returns {Question} */
  const complete = ({ instruction = "VMXON", source, compare = null, state = {} }) => {
    const held = rows.ladders.filter((each) => each.instruction === instruction).map((each) => each.source);
    const by = source ?? (held.includes("intel") ? "intel" : held[0]);
    if (compare !== null) ladder(rows, instruction, compare);
    const values = verdict(
      rows,
      instruction,
      by,
      Object.fromEntries(Object.entries(namedValues(rows, state)).filter(([name]) => name in own(instruction, {}))),
    ).state;
    return fitted({ instruction, source: by, compare, state: own(instruction, values) });
  };

  /** Move to the closest state about which the ladders say something. @param {Question} asked @returns {Question} */
  const fitted = (asked) => {
    const ladders = laddersOf(asked);
    if (allowedBy(rows, ladders, asked.state)) return asked;
    const near = nearestPossible(rows, { ...ladders[0].ready, ...asked.state }, [], ladders);
    return { ...asked, state: own(asked.instruction, near) };
  };

  /** @param {Question} asked */
  const laddersOf = ({ instruction, source, compare }) =>
    [source, ...(compare === null ? [] : [compare])].map((name) => ladder(rows, instruction, name));

  /** @param {State} state @returns {boolean} */
  const isPossible = (state) => verdict(rows, question.instruction, question.source, state).possible;

  /**
   * Let follow what must come with the axes in `kept`: what means nothing now, then what no check reads (or, if asked
   * for, anything).  If that is not enough, the state is impossible, and the page says so.
   * @param {State} state @param {string[]} kept @param {boolean} anything @returns {State}
   */
  const settled = (state, kept, anything) => {
    const ladders = laddersOf(question);
    if (isPossible(state)) return state;
    /** @param {State} other */
    const keeps = (other) => kept.every((name) => other[name] === state[name]) && allowedBy(rows, ladders, other);
    const full = { ...ladders[0].ready, ...state };
    const counted = canonical(rows, full);
    const start = keeps(counted) ? counted : full;
    if (isPossible(own(question.instruction, start))) return own(question.instruction, start);
    const fixed = anything ? kept : [...kept, ...ladders.flatMap((each) => each.reads)];
    const near = nearestPossible(rows, start, fixed, ladders);
    const found = fixed.every((name) => near[name] === start[name]) ? near : start;
    return own(question.instruction, found);
  };

  /** @param {typeof past[number]} next what the user asked now */
  const show = (next) => {
    const changed = arrows(changesText(question.state, next.question.state));
    ({ question, touched } = next);
    refresh(changed);
    options.onChange?.(structuredClone(question), touched);
  };

  /** Ask another question, which the user can take back. @param {Question} next @param {string[]} names @param {string | null} word */
  const go = (next, names, word) => {
    if (JSON.stringify(next) === JSON.stringify(question)) {
      refresh(""); // a control may show what was refused
      return;
    }
    if (word === null || word !== typing) past.push({ question, touched });
    typing = word;
    future = [];
    show({ question: next, touched: names });
  };

  /** @param {typeof past} from @param {typeof past} to */
  const travel = (from, to) => {
    const there = from.pop();
    if (!there) return;
    to.push({ question, touched });
    typing = null;
    show(there);
  };

  /** @type {App} */
  const app = {
    rows,
    axes: brief,
    view: /** @type {View} */ (/** @type {unknown} */ (null)),
    change(changes, { complete: anything = false, typing: word = null } = {}) {
      const values = Object.fromEntries(Object.entries(changes).filter(([name]) => name in question.state));
      const names = Object.keys(values).filter((name) => values[name] !== question.state[name]);
      const state = settled({ ...question.state, ...values }, anything ? Object.keys(values) : names, anything);
      const also = Object.keys(state).filter((name) => !(name in values) && state[name] !== question.state[name]);
      note = also.length
        ? `Changed with it: ${also.map((name) => `${name} ${question.state[name]} → ${state[name]}`).join(", ")}.`
        : "";
      go({ ...question, state }, names, word);
    },
    ask(asked) {
      note = "";
      const instruction = asked.instruction ?? question.instruction;
      const held = rows.ladders.filter((each) => each.instruction === instruction).map((each) => each.source);
      const source =
        asked.source ?? (held.includes(question.source) ? question.source : held.includes("intel") ? "intel" : held[0]);
      let compare = asked.compare === undefined ? question.compare : asked.compare;
      if (compare !== null && !held.includes(compare)) compare = null;
      if (asked.state) {
        go(complete({ instruction, source, compare, state: asked.state }), Object.keys(asked.state), null);
        return;
      }
      // Each instruction is ready in another state.
      const [before, after] = [question.instruction, instruction].map(
        (name) => rows.instructions.find((each) => each.name === name)?.ready ?? {},
      );
      const moved = Object.fromEntries(
        Object.keys(after)
          .filter((name) => after[name] !== before[name])
          .map((name) => [name, after[name]]),
      );
      const state = own(instruction, { ...after, ...question.state, ...moved });
      go(fitted({ instruction, source, compare, state }), [], null);
    },
    aim(name) {
      target = name;
      refresh("");
      live.textContent = root.querySelector(".repair span")?.textContent ?? ""; // it is all that changes
    },
    undo: () => travel(past, future),
    redo: () => travel(future, past),
    restart() {
      note = "";
      target = "success";
      go(complete({ ...question, state: {} }), [], null);
    },
    say(text) {
      live.textContent = text;
    },
  };

  let note = "";
  let question = complete(options);
  const parts = {
    bar: questionBar(app),
    headline: headline(app),
    consequences: consequences(app),
    meaning: meaning(app),
    presets: presets(app),
    table: checksTable(app),
  };
  /** @type {Part[]} those that are shown */
  const shown = [
    ...(brief ? [] : [parts.bar]),
    parts.headline,
    parts.consequences,
    parts.meaning,
    ...(hasModes ? [parts.presets] : []),
    parts.table,
  ];

  /** Show the question, and say the answer. @param {string} changed what was changed, in words */
  const refresh = (changed) => {
    const ladders = laddersOf(question);
    const verdicts = ladders.map((each) => verdict(rows, each.instruction, each, question.state, touched));
    const [found] = verdicts;
    const key = `${question.instruction}/${question.source}`;
    const seen = reached.get(key) ?? new Set();
    reached.set(key, seen);
    if (found.possible) seen.add(found.outcome);
    if (found.outcome === target && found.possible) target = "success";
    app.view = {
      question,
      ladders,
      verdicts,
      target,
      repair: found.outcome === target && found.possible ? null : found.repairTo(target),
      nearest: found.possible
        ? null
        : own(
            question.instruction,
            nearestPossible(rows, { ...ladders[0].ready, ...question.state }, touched, ladders),
          ),
      reached: seen,
      note,
      canUndo: past.length > 0,
      canRedo: future.length > 0,
    };
    root.classList.toggle("compare", ladders.length > 1);
    const active = shadow.activeElement;
    for (const part of shown) part.show(app.view);
    // What had the focus is gone, and the next key should not go to the page around.
    if (active && (!active.isConnected || active.closest("[hidden]"))) parts.headline.node.focus();
    const words = verdicts.map((each) => each.headline).join(". ");
    live.textContent = `${changed ? `${changed}. ` : ""}${words}. ${found.objection}`;
  };

  const main = make("div", { class: "main" }, parts.table.node);
  const stays = make("div", { class: "verdict" }, parts.headline.node, parts.consequences.node);
  root.append(
    ...(brief ? [] : [parts.bar.node]),
    stays,
    parts.meaning.node,
    ...(hasModes ? [parts.presets.node] : []),
    main,
    live,
  );

  /** What stands beside the checks takes as long to make as all the rest, so the answer is painted first. */
  const completeSide = () => {
    const side = [modesMap(app), outcomes(app), registers(app), addressLine(app)];
    main.append(make("div", { class: "side" }, ...side.map((each) => each.node)));
    shown.push(...side);
    for (const part of side) part.show(app.view);
  };

  /** @param {Event} event */
  const keep = (event) => event.stopPropagation(); // the notebook or the slides have shortcuts of their own
  for (const type of ["keydown", "keypress", "keyup"]) root.addEventListener(type, keep);
  root.addEventListener("keydown", (event) => {
    const inText = event.target instanceof HTMLInputElement && event.target.type === "text";
    if (!(event.ctrlKey || event.metaKey) || event.altKey || inText) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) app.redo();
    else app.undo();
  });

  element.dataset.lmSuppressShortcuts = "true"; // JupyterLab hears keys before the page does
  const shadow = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet()];
  shadow.replaceChildren(root);
  refresh("");
  if (!brief) requestAnimationFrame(() => requestAnimationFrame(completeSide));

  return {
    get question() {
      return structuredClone(question);
    },
    /** Ask another question; a state that is given replaces the whole state, and what it does not name is ready. */
    set(asked, names) {
      const next = complete({ ...question, ...asked });
      if (JSON.stringify(next) === JSON.stringify(question)) return;
      past.push({ question, touched });
      future = [];
      note = "";
      touched = names ?? Object.keys(asked.state ?? {}).filter((name) => next.state[name] !== question.state[name]);
      question = next;
      refresh("");
    },
    close() {
      root.remove();
    },
  };
}
