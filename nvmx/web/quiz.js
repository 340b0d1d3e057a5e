/**
 * A question with two tries.  Every word of a reply comes from Python; here is only when to show which.
 *
 * The solution is nowhere in the document before it is due: neither seen, nor found, nor read out.
 *
 * @typedef {{question: string, choices: [name: string, first: string, last: string, label: string][] | null,
 *   bounds: [below: number | null, first: string, last: string][], right: string | [from: number, to: number],
 *   praise: string, unit: string}} Asked `praise` is the reply to the right answer, `first` and `last` those to a wrong one
 *   at the first try and at the last; without choices, a number is asked for, and the first bound above it replies
 * @typedef {string | number} Answer
 * @typedef {{show: (tried: Answer[]) => void}} Quiz
 */
import { make, mark, unique, write } from "./dom.js";

const TRIES = 2;
const QUIZ_STYLE = `
:host { display: block; margin: .5em 0; --edge: color-mix(in srgb, currentColor 55%, transparent) }
.root { font: 1em/1.45 system-ui, sans-serif; color: var(--nvmx-ink, var(--jp-ui-font-color0, inherit)); max-width: 60rem }
::slotted(*) { margin-top: .6em }
fieldset { border: 1px solid var(--edge); border-radius: 5px; padding: .3em .9em .7em; margin: 0; min-width: 0 }
legend { font-weight: 600; padding: 0 .3em }
label { display: flex; gap: .55em; align-items: center; min-height: 28px; padding: .1em .3em; border-radius: 4px; cursor: pointer }
label:hover { background: color-mix(in srgb, currentColor 9%, transparent) }
input[type=radio] { flex: none; width: 18px; height: 18px; margin: 0; accent-color: #0072b2 }
.number { display: inline-flex }
.number input { width: 12em }
button, .number input { font: inherit; color: inherit; background: transparent; border: 1px solid var(--edge); border-radius: 5px; min-height: 30px; padding: .1em .7em; box-sizing: border-box }
button { margin-top: .4em; cursor: pointer; font-weight: 600 }
button:hover { background: color-mix(in srgb, currentColor 12%, transparent) }
:focus-visible { outline: 3px solid #0072b2; outline: 3px solid color-mix(in srgb, #0072b2 70%, currentColor); outline-offset: 1px }
.mark { white-space: nowrap; font-weight: 600 }
.mark:empty { display: none }
[role=status]:not(:empty) { margin-top: .6em; padding: .35em .7em; border-inline-start: 4px solid currentColor; background: color-mix(in srgb, currentColor 6%, transparent) }
`;

/**
 * Ask the question in this element; what it holds is replaced, and `shows` is seen with the solution.
 * @param {HTMLElement} element @param {Asked} asked @param {Node | null} shows @param {(tried: Answer[]) => void} [onTry]
 * @returns {Quiz}
 */
export function quiz(element, asked, shows, onTry = () => {}) {
  /** @type {Answer[]} */
  let tried = [];
  /** @param {Answer} answer */
  const isRight = (answer) =>
    typeof asked.right === "string"
      ? answer === asked.right
      : Number(answer) >= asked.right[0] && Number(answer) <= asked.right[1];
  const isOver = () => tried.some(isRight) || new Set(tried).size >= TRIES;
  /** @param {Answer} answer */
  const repliesTo = (answer) =>
    asked.choices
      ? asked.choices.find(([name]) => name === answer)
      : asked.bounds.find(([bound]) => bound === null || Number(answer) < bound);

  const shared = unique();
  const radios = (asked.choices ?? []).map(([name, , , label]) => {
    const input = make("input", { type: "radio", name: shared, value: name });
    const sign = make("span", { class: "mark" });
    return { name, input, sign, node: make("label", {}, input, make("span", {}, label), sign) };
  });
  const number = make("input", { type: "number", step: "any", "aria-label": asked.question });
  const status = make("div", { role: "status" });
  const button = make("button", { type: "submit" }, "That is my answer");
  const field = asked.choices
    ? radios.map((each) => each.node)
    : [make("label", { class: "number" }, number, make("span", {}, asked.unit)), make("br")];
  const slot = make("slot");
  const form = make(
    "form",
    { class: "root" },
    make("fieldset", {}, make("legend", {}, asked.question), ...field, button, status),
    slot,
  );
  const show = () => {
    const over = isOver();
    for (const { name, sign } of radios) {
      const known = tried.includes(name) || (over && isRight(name));
      write(sign, known ? (isRight(name) ? "✓ right" : "✗ not so") : "");
    }
    const last = tried.at(-1);
    let html = "";
    if (last !== undefined) html = isRight(last) ? asked.praise : (repliesTo(last)?.[over ? 2 : 1] ?? "");
    if (status.dataset.html !== html) {
      mark(status, "data-html", html);
      status.innerHTML = html;
    }
    if (over && shows && shows.parentNode !== element) element.append(shows);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = asked.choices
      ? radios.find(({ input }) => input.checked)?.name
      : number.value && Number(number.value);
    if (chosen === undefined || chosen === "") {
      status.textContent = asked.choices ? "Choose one first." : "Write a number first.";
      mark(status, "data-html", null);
      return;
    }
    tried = [...tried, chosen];
    show();
    onTry(tried);
  });
  /** @param {Event} event */
  const keep = (event) => event.stopPropagation(); // the notebook or the slides have shortcuts of their own
  for (const type of ["keydown", "keypress", "keyup"]) form.addEventListener(type, keep);

  element.dataset.lmSuppressShortcuts = "true"; // JupyterLab hears keys before the page does
  element.replaceChildren();
  const shadow = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  shadow.replaceChildren(make("style", {}, QUIZ_STYLE), form);
  show();
  return {
    show(now) {
      tried = now;
      const last = tried.at(-1);
      for (const { name, input } of radios) input.checked = name === last;
      if (!asked.choices) number.value = String(last ?? "");
      show();
    },
  };
}

/** Make a stand-in live: its `data-nvmx-quiz` holds what is asked, and `.shows` in it what to show with the solution.
 * @param {HTMLElement} element */
export function enhanceQuiz(element) {
  const asked = /** @type {Asked} */ (JSON.parse(element.dataset.nvmxQuiz ?? ""));
  quiz(element, asked, element.querySelector(".shows"));
}
