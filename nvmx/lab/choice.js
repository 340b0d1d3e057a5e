// Radio buttons whose keys stay with them: ordinary ones let a "b" through to the notebook, which then adds a cell.

/**
 * @typedef {{description: string, options: string[], meanings: string[], value: string | null}} Traits
 * @typedef {{get: <K extends keyof Traits>(name: K) => Traits[K], set: (name: keyof Traits, value: unknown) => void,
 *   save_changes: () => void, on: (event: string, hear: () => void) => void,
 *   off: (event: string, hear: () => void) => void}} Model
 */
export default {
  /** @param {{model: Model, el: HTMLElement}} given */
  render({ model, el }) {
    const field = document.createElement("fieldset");
    const legend = document.createElement("legend");
    field.style.cssText = "margin: 0; padding: 0; border: 0; min-width: 0; display: grid; justify-items: start";
    legend.append(model.get("description"));
    const shared = crypto.getRandomValues(new Uint32Array(2)).join("-"); // the same widget may be shown twice
    const meanings = model.get("meanings");
    const inputs = model.get("options").map((option) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: shared, value: option });
      input.addEventListener("change", () => {
        model.set("value", option);
        model.save_changes();
      });
      return input;
    });
    const labels = inputs.map((input, n) => {
      const label = document.createElement("label");
      label.style.cssText = "display: inline-flex; align-items: center; gap: .4em; min-height: 26px; cursor: pointer";
      label.append(input, `${input.value} – ${meanings[n]}`);
      return label;
    });
    field.append(legend, ...labels);
    const show = () => {
      for (const input of inputs) input.checked = input.value === model.get("value");
    };
    // JupyterLab looks for this mark, whenever it hears the key; other notebooks hear it last.
    field.dataset.lmSuppressShortcuts = "true";
    field.addEventListener("keydown", (event) => event.stopPropagation());
    el.append(field);
    show();
    model.on("change:value", show);
    return () => model.off("change:value", show);
  },
};
