/**
 * What is asked: instruction, source, mode, real cases, and all of it as one line of text.
 *
 * @typedef {import("./explorer.js").App} App
 * @typedef {import("./explorer.js").Part} Part
 * @typedef {import("./explorer.js").Question} Question
 * @typedef {import("./model.js").Rows} Rows
 * @typedef {import("./model.js").State} State
 * @typedef {import("./model.js").Value} Value
 */
import { allowedBy } from "./controls.js";
import { button, disable, fill, make, mark, radios, unique, write } from "./dom.js";
import { ladder, modeOf, parseAddress, writeAddress } from "./model.js";

/** Real situations, as changes of the ready state. @type {{instruction: string, name: string, state: State}[]} */
export const CASES = [
  { instruction: "VMXON", name: "CR4.VMXE forgotten", state: { "CR4.VMXE": 0 } },
  {
    instruction: "VMXON",
    name: "firmware left FEATURE_CONTROL at 0",
    state: { "FEATURE_CONTROL.lock": 0, "FEATURE_CONTROL.vmx": 0 },
  },
  {
    instruction: "VMXON",
    name: "disabled by the BIOS",
    state: { "FEATURE_CONTROL.lock": 1, "FEATURE_CONTROL.vmx": 0 },
  },
  { instruction: "VMXON", name: "kernel without CR0.NE", state: { "CR0.NE": 0 } },
  { instruction: "VMXON", name: "KVM in VMX root already", state: { VMX: "root", current_VMCS: 1 } },
  { instruction: "VMXON", name: "inside a guest", state: { VMX: "non-root", current_VMCS: 1 } },
  { instruction: "VMXON", name: "user code", state: { CPL: 3 } },
  { instruction: "VMXON", name: "32-bit program, 64-bit kernel", state: { "CS.L": 0, CPL: 3 } },
  { instruction: "VMXON", name: "operand not mapped", state: { operand: "unmapped" } },
  { instruction: "VMXON", name: "shadow VMCS (bit 31)", state: { "revision.bit31": 1 } },
  { instruction: "VMXOFF", name: "without VMXON before", state: { VMX: "off" } },
  { instruction: "VMXOFF", name: "user code", state: { CPL: 3 } },
  { instruction: "VMXOFF", name: "32-bit program, 64-bit kernel", state: { "CS.L": 0, CPL: 3 } },
  { instruction: "VMXOFF", name: "inside a guest", state: { VMX: "non-root", current_VMCS: 1 } },
  { instruction: "VMXOFF", name: "SMM has a monitor of its own", state: { dual_monitor: 1, current_VMCS: 1 } },
];

/** The instruction, the source and the one compared with; undo and redo. @param {App} app @returns {Part} */
export const questionBar = (app) => {
  const { rows } = app;
  const names = rows.instructions.map((each) => each.name);
  const instruction = radios("instruction", names, (value) => app.ask({ instruction: String(value) }), "text");
  const source = make("select", {
    title: "the source whose checks are shown",
    onchange: () => app.ask({ source: source.value }),
  });
  const compare = make("select", { onchange: () => app.ask({ compare: compare.value || null }) });
  const undo = button("↶ Undo", app.undo, { "aria-label": "Undo" });
  const redo = button("↷ Redo", app.redo, { "aria-label": "Redo" });
  const restart = button("Start again", app.restart, { title: "the state in which every check passes" });
  return {
    node: make(
      "div",
      { class: "bar" },
      instruction.node,
      make("label", {}, "by", source),
      make("label", {}, "compare with", compare),
      make("span", { class: "ends" }, undo, redo, restart),
    ),
    show({ question, canUndo, canRedo }) {
      const held = rows.ladders.filter((each) => each.instruction === question.instruction).map((each) => each.source);
      const options = [...new Set(held)].map((id) => {
        const found = rows.sources.find((each) => each.id === id);
        return /** @type {[string, string]} */ ([id, found ? `${id}: ${found.title}` : id]);
      });
      fill(source, options);
      fill(compare, [["", "nothing"], ...options]);
      instruction.inputs.forEach((input, n) => {
        input.checked = names[n] === question.instruction;
        input.disabled = !rows.ladders.some((each) => each.instruction === names[n]);
      });
      source.value = question.source;
      compare.value = question.compare ?? "";
      disable(undo, !canUndo);
      disable(redo, !canRedo);
    },
  };
};

/** The modes of the processor, and real situations: buttons, or one list where there is little room.  The brief form has
 * only the modes.
 * @param {App} app @returns {Part} */
export const presets = (app) => {
  const modes = Object.entries(app.rows.modes);
  const names = modes.map(([name]) => name);
  /** What a mode may have changed, but has no control in the brief form, is ready again in the next mode. */
  const back = () =>
    Object.entries(app.view.ladders[0].ready).filter(
      ([name]) => app.axes && !app.axes.includes(name) && modes.some(([, bits]) => name in bits),
    );
  /** @param {Value} name */
  const enter = (name) => app.change({ ...Object.fromEntries(back()), ...app.rows.modes[name] }, { complete: true });
  const choice = radios("mode", names, enter, "text");
  /** @param {typeof CASES[number]} chosen */
  const go = (chosen) => {
    const ready = app.rows.instructions.find(({ name }) => name === chosen.instruction)?.ready ?? {};
    app.change({ ...ready, ...chosen.state });
  };
  const buttons = CASES.map((each) => button(each.name, () => go(each)));
  const list = make("select", {
    "aria-label": "real cases",
    onchange: () => {
      const chosen = CASES[Number(list.value)];
      if (chosen) go(chosen);
      list.value = "";
    },
  });
  const real = [
    make(
      "span",
      { class: "group wide", role: "group", "aria-label": "real cases" },
      make("b", {}, "Real cases"),
      ...buttons,
    ),
    make("span", { class: "group narrow" }, make("b", {}, "Real cases"), list),
  ];
  return {
    node: make(
      "div",
      { class: "presets" },
      make("span", { class: "group" }, make("b", {}, "Mode"), choice.node),
      ...(app.axes === null ? real : []),
    ),
    show({ question, ladders }) {
      const mode = modeOf(app.rows, question.state);
      for (const [n, input] of choice.inputs.entries()) {
        input.checked = names[n] === mode;
        input.disabled = !allowedBy(app.rows, ladders, modes[n][1]);
      }
      const offered = CASES.map(
        (each) => each.instruction === question.instruction && allowedBy(app.rows, ladders, each.state),
      );
      for (const [n, node] of buttons.entries()) node.hidden = !offered[n];
      fill(list, [
        ["", "choose one"],
        ...CASES.flatMap((each, n) => (offered[n] ? [/** @type {[string, string]} */ ([String(n), each.name])] : [])),
      ]);
    },
  };
};

/** @param {Rows} rows @param {Question} question @returns {string} the state's text form; Python reads it, too */
export const addressOf = (rows, { instruction, source, state }) => {
  const { ready } = ladder(rows, instruction, source);
  const changed = Object.entries(state).filter(([name, value]) => ready[name] !== value);
  return writeAddress(rows, instruction, source, Object.fromEntries(changed));
};

/** The state as one line, to copy and to paste back. @param {App} app @returns {Part} */
export const addressLine = (app) => {
  const ids = [unique(), unique()];
  const problem = make("p", { class: "problem", id: ids[1] });
  const read = () => {
    try {
      const { instruction, source, values } = parseAddress(app.rows, line.value);
      const found = ladder(app.rows, instruction, source);
      if (!allowedBy(app.rows, [found], values)) throw new RangeError(`${source} says nothing about such a state`);
      write(problem, "");
      mark(line, "aria-invalid", null);
      app.ask({ instruction, source, state: values });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      mark(line, "aria-invalid", "true");
      write(problem, error.message);
      app.say(error.message);
    }
  };
  const line = make("input", {
    type: "text",
    id: ids[0],
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    "aria-describedby": ids[1],
    onchange: read,
    onpaste: () => setTimeout(read),
    onfocus: () => line.select(),
  });
  const copy = button("Copy", async () => {
    line.select();
    try {
      await navigator.clipboard.writeText(line.value);
    } catch {
      document.execCommand("copy"); // where the clipboard is closed to scripts
    }
    write(copy, "Copied");
    app.say("copied");
    setTimeout(() => write(copy, "Copy"), 1500);
  });
  return {
    node: make(
      "div",
      { class: "address" },
      make("label", { for: ids[0] }, "This state as one line, to copy and to paste"),
      line,
      copy,
      problem,
    ),
    show({ question }) {
      const now = addressOf(app.rows, question);
      if (line.value !== now) line.value = now;
      mark(line, "aria-invalid", null);
      write(problem, "");
    },
  };
};
