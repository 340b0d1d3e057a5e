/**
 * Click in an explorer, and read what it shows.
 *
 * @typedef {import("../../nvmx/web/explorer.js").Controller} Controller
 * @typedef {import("../../nvmx/web/explorer.js").Question} Question
 * @typedef {{question: Question, ending: string, cause: string, marks: string[], objection: string, repair: string,
 *   status: string}} Shown
 */

/** @param {ParentNode} root @param {string} selector @returns {string} the text, if it is seen */
const textOf = (root, selector) => {
  const found = root.querySelector(selector);
  return found && !found.closest("[hidden]") ? (found.textContent ?? "") : "";
};

/** @param {ParentNode} root @param {Controller} shown @returns {Shown} */
export function look(root, shown) {
  return {
    question: shown.question,
    ending: textOf(root, ".headline .badge"),
    cause: textOf(root, ".headline .cause"),
    marks: [...root.querySelectorAll(".checks td.mark:not(.mark2)")]
      .map((each) => (each.textContent ?? "").slice(2))
      .filter((word) => word !== "not checked"),
    objection: textOf(root, ".impossible span"),
    repair: textOf(root, ".repair span"),
    status: textOf(root, "[role=status]"),
  };
}

/** Every value of every control: a function that sets it.  An axis has a control in each row that reads it.
 * @param {ParentNode} root @param {boolean} everywhere in each row, or only in the first @returns {(() => void)[]} */
export function settings(root, everywhere) {
  const controls = [...root.querySelectorAll(".checks [data-axis]")];
  const firsts = new Map(controls.toReversed().map((each) => [each.getAttribute("data-axis"), each]));
  const used = everywhere ? controls : [...firsts.values()];
  return used
    .flatMap((control) => [...control.querySelectorAll("input, select")])
    .flatMap((node) => {
      if (node instanceof HTMLInputElement) {
        const press = () => node.click();
        return node.type === "checkbox" ? [press, press] : [press];
      }
      const list = /** @type {HTMLSelectElement} */ (node);
      return [...list.options].map((option) => () => {
        if (option.disabled) return;
        list.value = option.value;
        list.dispatchEvent(new Event("change"));
      });
    });
}

/** Set every control to every value. @param {ParentNode} root @param {Controller} shown @param {boolean} everywhere */
export function setAll(root, shown, everywhere) {
  return settings(root, everywhere).map((set) => {
    set();
    return look(root, shown);
  });
}

/** Take random steps. @param {ParentNode} root @param {Controller} shown @param {number} steps @param {number} seed */
export function wander(root, shown, steps, seed) {
  let state = seed;
  /** @param {number} below */
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: steps }, () => {
    const buttons = [...root.querySelectorAll("button")].filter(
      (each) => !each.closest("[hidden]") && !each.closest(".why"),
    );
    const ways = random(3) || !buttons.length ? settings(root, true) : buttons.map((each) => () => each.click());
    ways[random(ways.length)]();
    return look(root, shown);
  });
}

/** Press each of these, and look. @param {ParentNode} root @param {Controller} shown @param {string} selector
 * @param {Partial<Question> | null} again asked before each, if there is one */
export function pressEach(root, shown, selector, again = null) {
  const nodes = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(selector)]);
  return nodes.map((node) => {
    if (again) shown.set(again);
    const name = node.getAttribute("aria-label") || node.textContent || node.parentElement?.textContent || "";
    node.click();
    return { ...look(root, shown), name, current: node.getAttribute("aria-current") };
  });
}

/** Press the first step of the repair, as often as this. @param {ParentNode} root @param {number} times */
export function repair(root, times) {
  const step = /** @type {HTMLElement} */ (root.querySelector(".repair button"));
  for (let n = 0; n < times && !step.hidden; n++) step.click();
  return step.hidden;
}

/** Choose each outcome as the aim, and go there. @param {ParentNode} root @returns {string[][]} its badge, the ending */
export function reachAll(root) {
  const badges = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".outcomes button")]);
  return badges.map((badge) => {
    badge.click();
    for (let n = 0; n < 9 && badge.ariaPressed === "true"; n++) repair(root, 1);
    return [badge.textContent ?? "", textOf(root, ".headline .badge")];
  });
}

/** The rows of the table: what each asks for, its marks, and whether it is the first difference.
 * @param {ParentNode} root */
export function table(root) {
  return [...root.querySelectorAll(".checks tbody tr:not(.other)")].map((row) => ({
    name: textOf(row, ".asks"),
    marks: [...row.querySelectorAll(".mark")].map((mark) => (mark.textContent ?? "").slice(2)),
    first: row.hasAttribute("data-first"),
  }));
}

/** The name of what has the focus. @param {ShadowRoot} root @returns {string} */
export function focused(root) {
  const node = root.activeElement;
  if (!node) return "";
  const label = node.getAttribute("aria-label") ?? node.closest("[role=radiogroup]")?.getAttribute("aria-label");
  return label || node.textContent || (node instanceof HTMLInputElement && node.labels?.[0]?.textContent) || "";
}

/** The controls to which Tab leads. @param {ParentNode} root */
export function stops(root) {
  const nodes = /** @type {HTMLInputElement[]} */ ([...root.querySelectorAll("button, input, select")]);
  return nodes.filter(
    (each) => each.getClientRects().length && each.tabIndex >= 0 && (each.type !== "radio" || each.checked),
  );
}

/** What is too small to hit, or outside of the window. @param {ParentNode} root */
export function misfits(root) {
  return [...root.querySelectorAll("button, input, select")].flatMap((node) => {
    const { width, height, right } = node.getBoundingClientRect();
    return width && (width < 24 || height < 24 || right > innerWidth + 1)
      ? [[node.outerHTML, width, height, right]]
      : [];
  });
}

/** Keep what a node says from now on. @param {Node} node @returns {string[]} */
export function hear(node) {
  /** @type {string[]} */
  const said = [];
  const watch = new MutationObserver(() => said.push(node.textContent ?? ""));
  watch.observe(node, { childList: true, characterData: true, subtree: true });
  return said;
}
