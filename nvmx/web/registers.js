/**
 * The registers in hexadecimal.
 *
 * @typedef {import("./explorer.js").App} App
 * @typedef {import("./explorer.js").Part} Part
 * @typedef {import("./model.js").State} State
 */
import { allowedBy } from "./controls.js";
import { group, make, mark, unique, write } from "./dom.js";
import { readRegister, writeRegister } from "./model.js";

/** The bits of a register that are set in this state, but for which there is no axis: PAE and LME come with long mode.
 * @param {string} register @param {State} state @returns {bigint} */
const usual = (register, state) => {
  if (register === "CR0") return 0x10n;
  if (register === "RFLAGS") return 0x2n;
  if (state["EFER.LMA"] !== 1) return 0n;
  return register === "CR4" ? 0x20n : register === "EFER" ? 0x100n : 0n;
};

/** The registers in hexadecimal; typing sets the bits. @param {App} app @returns {Part} */
export const registers = (app) => {
  const names = [...new Set(app.rows.axes.flatMap((axis) => axis.register ?? []))];
  const id = unique();
  const problem = make("p", { class: "problem", id });
  /** @type {Map<string, bigint>} the other bits, as they were typed */
  const others = new Map();
  const inputs = names.map((name) => {
    const input = make("input", {
      type: "text",
      id: unique(),
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      "aria-describedby": id,
      oninput: () => {
        const text = read(name, input.value);
        mark(input, "aria-invalid", text ? "true" : null);
        write(problem, text);
        if (text) app.say(text);
      },
      onchange: () => {
        mark(input, "aria-invalid", null);
        write(problem, "");
        input.value = text(name, app.view.question.state);
      },
    });
    return input;
  });
  /** @param {string} name @param {State} state */
  const text = (name, state) => writeRegister(app.rows, name, state, others.get(name) ?? usual(name, state));

  /** Set the bits; return what is wrong, or "". @param {string} name @param {string} typed @returns {string} */
  const read = (name, typed) => {
    const { ladders, question } = app.view;
    try {
      const bits = readRegister(app.rows, name, typed);
      for (const each of ladders) {
        if (!allowedBy(app.rows, [each], bits)) return `${each.source} says nothing about such a ${name}`;
      }
      others.set(
        name,
        BigInt(
          `0x${typed
            .trim()
            .replace(/[_`]/g, "")
            .replace(/^0x|h$/gi, "")}`,
        ),
      );
      const changed = Object.entries(bits).filter(([column, value]) => question.state[column] !== value);
      if (changed.length) app.change(Object.fromEntries(changed), { typing: name });
      return "";
    } catch (error) {
      if (error instanceof RangeError) return error.message;
      throw error;
    }
  };
  return {
    node: group(
      "Registers (hexadecimal; type to set the bits)",
      "registers",
      ...names.flatMap((name, n) => [
        make("label", { for: inputs[n].id, class: "mono" }, name === "FEATURE_CONTROL" ? `IA32_${name}` : name),
        inputs[n],
      ]),
      problem,
    ),
    show({ question }) {
      const active = /** @type {ShadowRoot} */ (problem.getRootNode()).activeElement;
      inputs.forEach((input, n) => {
        if (input === active) return;
        const now = text(names[n], question.state);
        if (input.value !== now) input.value = now;
      });
    },
  };
};
