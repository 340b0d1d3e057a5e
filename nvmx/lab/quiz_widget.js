// What anywidget asks for: a question whose tries Python shares.  The import is for reading and checking this file; where
// it runs, `nvmx.web.module("dom", "quiz")` comes before it.
import { quiz } from "../web/quiz.js";

/**
 * @typedef {import("../web/quiz.js").Asked} Asked
 * @typedef {import("../web/quiz.js").Answer} Answer
 * @typedef {{_asked: Asked, _shows: string, _tried: Answer[]}} Traits
 * @typedef {{get: <K extends keyof Traits>(name: K) => Traits[K], set: (name: keyof Traits, value: unknown) => void,
 *   save_changes: () => void, on: (event: string, hear: () => void) => void,
 *   off: (event: string, hear: () => void) => void}} Model
 */
export default {
  /** @param {{model: Model, el: HTMLElement}} given */
  render({ model, el }) {
    const place = el.appendChild(document.createElement("div"));
    const shows = document.createElement("div");
    shows.className = "jp-RenderedHTMLCommon";
    shows.style.overflowX = "auto";
    shows.innerHTML = model.get("_shows");
    const shown = quiz(place, model.get("_asked"), shows, (tried) => {
      model.set("_tried", tried);
      model.save_changes();
    });
    const follow = () => shown.show(model.get("_tried"));
    if (model.get("_tried").length) follow();
    model.on("change:_tried", follow);
    return () => model.off("change:_tried", follow);
  },
};
