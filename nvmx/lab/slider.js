// A slider over names.  It is the browser's own, so that a screen reader says what it is for, and the name chosen.

/**
 * @typedef {{description: string, options: string[], value: string}} Traits
 * @typedef {{get: <K extends keyof Traits>(name: K) => Traits[K], set: (name: keyof Traits, value: unknown) => void,
 *   save_changes: () => void, on: (event: string, hear: () => void) => void,
 *   off: (event: string, hear: () => void) => void}} Model
 */
export default {
  /** @param {{model: Model, el: HTMLElement}} given */
  render({ model, el }) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const name = document.createElement("span");
    const options = model.get("options");
    name.ariaHidden = "true"; // the slider itself says it
    label.append(model.get("description"), " ", input, " ", name);
    label.style.cssText = "display: inline-flex; flex-wrap: wrap; align-items: center; gap: .5em; min-height: 2em";
    Object.assign(input, { type: "range", min: "0", max: String(options.length - 1) });
    input.style.cssText = "width: min(24em, 60vw); height: 24px";
    const show = () => {
      input.value = String(options.indexOf(model.get("value")));
      input.setAttribute("aria-valuetext", model.get("value"));
      name.textContent = model.get("value");
    };
    input.addEventListener("input", () => {
      model.set("value", options[Number(input.value)]);
      model.save_changes();
    });
    // The notebook has keys of its own.  JupyterLab looks for this mark; other notebooks hear the key last.
    label.dataset.lmSuppressShortcuts = "true";
    label.addEventListener("keydown", (event) => event.stopPropagation());
    el.append(label);
    show();
    model.on("change:value", show);
    return () => model.off("change:value", show);
  },
};
