/**
 * The verdict in words, the way to another one, and the outcomes reached so far.
 *
 * @typedef {import("./explorer.js").App} App
 * @typedef {import("./explorer.js").Part} Part
 * @typedef {import("./model.js").Outcome} Outcome
 * @typedef {import("./model.js").State} State
 */
import { arrows, button, disable, make, mark, paint, unique, write } from "./dom.js";
import { changesText, flagsText, verdict } from "./model.js";

/** What stays in view: the outcome and its cause. @param {App} app @returns {Part} */
export const headline = (app) => {
  const lines = [0, 1].map(() => {
    const who = make("span", { class: "who" });
    const badge = make("strong", { class: "badge" });
    const cause = make("span", { class: "cause" });
    return { who, badge, cause, node: make("div", { class: "line" }, who, badge, cause) };
  });
  const node = make(
    "div",
    { class: "headline", tabindex: "-1", role: "group", "aria-label": "verdict" },
    ...lines.map((line) => line.node),
  );
  return {
    node,
    show({ question, verdicts }) {
      paint(node, app.rows, verdicts[0].outcome, "--outcome");
      lines.forEach((line, n) => {
        const found = verdicts[n];
        line.node.hidden = !found;
        if (!found) return;
        line.who.hidden = verdicts.length < 2 && app.axes === null;
        const different = n === 1 && found.ending !== verdicts[0].ending ? ": different" : ": the same outcome";
        write(line.who, `${question.instruction}, ${found.source}${n === 1 ? different : ""}`);
        write(line.badge, found.ending);
        paint(line.badge, app.rows, found.outcome);
        const words = found.rung ? `because ${found.shortReason}` : "no check stands in the way";
        write(line.cause, found.possible ? words : `${words} (impossible state, see below)`);
      });
    },
  };
};

/** What follows from the verdict, and the way to another one. @param {App} app @returns {Part} */
export const consequences = (app) => {
  const fields = ["error number", "flags", "VMX operation afterwards", "would also fail"].map((name) => {
    const value = make("dd");
    const title = make("dt", {}, name);
    return { name, title, value, node: make("div", {}, title, value) };
  });
  const way = make("span");
  const step = button("", () => {
    const { repair, question } = app.view;
    if (!repair) return;
    app.change(firstStep(app, question.state, repair.changes));
  });
  const whole = button("All at once", () => {
    if (app.view.repair) app.change(app.view.repair.changes);
  });
  const repaired = make("p", { class: "repair" }, way, step, whole);
  const list = make("dl", {}, ...fields.map((each) => each.node));
  const node = make("div", { class: "facts consequences" }, list, repaired);
  return {
    node,
    show(view) {
      const [found] = view.verdicts;
      paint(node, app.rows, found.outcome, "--outcome");
      const masked = found.masked.map((each) => each.number);
      const texts = [
        found.error === null ? "none" : String(found.error),
        flagsText(found.flags),
        String(found.after.VMX),
        masked.length ? `check${masked.length > 1 ? "s" : ""} ${masked.join(", ")}` : "",
      ];
      fields.forEach((field, n) => {
        // Of two sources, only the first has room for them.
        write(field.title, `${view.verdicts.length > 1 && n === 0 ? `${found.source}: ` : ""}${field.name}`);
        write(field.value, texts[n]);
        field.node.hidden = !texts[n];
      });
      const { repair, target } = view;
      const goal = target === "success" ? "Smallest repair" : `Smallest change that leads to ${target}`;
      const steps = Object.keys(repair?.changes ?? {}).length;
      const there = found.outcome === target && found.possible;
      const none = there ? "Nothing to repair." : `No possible state ends in ${target} here.`;
      write(way, repair ? `${goal}: ${arrows(repair.text)}` : none);
      step.hidden = !steps;
      whole.hidden = steps < 2;
      if (repair && steps) {
        const [[axis, value]] = Object.entries(firstStep(app, view.question.state, repair.changes));
        write(step, `${steps > 1 ? "First step" : "Apply"}: ${axis} = ${value}`);
      }
    },
  };
};

/** What the verdict means, and what is odd about the state. @param {App} app @returns {Part} */
export const meaning = (app) => {
  const objection = make("span");
  const nearest = button("Go there", () => {
    if (app.view.nearest) app.change(app.view.nearest);
  });
  const impossible = make("p", { class: "impossible" }, objection, nearest);
  const words = make("p", { class: "small" });
  const note = make("p", { class: "note" });
  const node = make("div", { class: "facts meaning" }, impossible, words, note);
  return {
    node,
    show(view) {
      const [found] = view.verdicts;
      paint(node, app.rows, found.outcome, "--outcome");
      const { name, meaning: means } = /** @type {Outcome} */ (
        app.rows.outcomes.find((each) => each.name === found.outcome)
      );
      write(
        words,
        `${view.verdicts.length > 1 ? `${found.source}: ` : ""}${name}: ${means}${found.rung ? `. Here: ${found.rung.reason}` : ""}.`,
      );
      impossible.hidden = found.possible;
      if (!found.possible && view.nearest) {
        const lead = found.objection[0].toUpperCase() + found.objection.slice(1);
        write(objection, `${lead}. Nearest possible state: ${arrows(changesText(view.question.state, view.nearest))}.`);
      }
      note.hidden = !view.note;
      write(note, view.note);
    },
  };
};

/** The first of these changes after which a processor can be in the state, if there is one.
 * @param {App} app @param {State} state @param {State} changes @returns {State} */
const firstStep = (app, state, changes) => {
  const steps = Object.entries(changes).map(([name, value]) => ({ [name]: value }));
  const { instruction, source } = app.view.question;
  return steps.find((each) => verdict(app.rows, instruction, source, { ...state, ...each }).possible) ?? steps[0];
};

/** The outcomes, which light up as they are reached; one can be chosen as the aim. @param {App} app @returns {Part} */
export const outcomes = (app) => {
  const title = make("h2", { id: unique() });
  const buttons = app.rows.outcomes.map(({ name }) => {
    const node = button("", () => app.aim(app.view.target === name ? "success" : name));
    paint(node, app.rows, name);
    return node;
  });
  const items = buttons.map((each) => make("li", {}, each));
  return {
    node: make(
      "div",
      { class: "outcomes", role: "group", "aria-labelledby": title.id },
      title,
      make("ul", {}, ...items),
    ),
    show({ question, ladders: [found], reached, target }) {
      const all = app.rows.instructions.find((each) => each.name === question.instruction)?.outcomes ?? [];
      let ends = 0;
      app.rows.outcomes.forEach(({ name, meaning }, n) => {
        items[n].hidden = !all.includes(name);
        const can = name === "success" || found.rungs.some((rung) => rung.outcome === name && !rung.shadowed);
        ends += Number(can);
        disable(buttons[n], !can);
        write(buttons[n], `${reached.has(name) ? "✓ " : ""}${name}`);
        mark(buttons[n], "data-reached", reached.has(name) ? "" : null);
        mark(buttons[n], "aria-pressed", String(name === target));
        mark(
          buttons[n],
          "title",
          can
            ? `${meaning}; choose it, and the smallest change that leads there is shown`
            : `${meaning}; no check of ${found.source} ends so`,
        );
      });
      write(title, `Outcomes reached: ${reached.size} of ${ends}. Choose one as the aim`);
    },
  };
};
