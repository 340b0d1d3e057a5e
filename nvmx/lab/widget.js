// What anywidget asks for: the explorer on a model that Python shares.  The import is for reading and checking this file;
// where it runs, `nvmx.web.module()` comes before it.
import { explorer } from "../web/explorer.js";

/**
 * @typedef {import("../web/explorer.js").Controller} Controller
 * @typedef {import("../web/explorer.js").Rows} Rows
 * @typedef {import("../web/explorer.js").Question} Question
 * @typedef {{_rows: Rows, _axes: string[] | null, _question: Question, _touched: string[]}} Traits
 * @typedef {{get: <K extends keyof Traits>(name: K) => Traits[K], set: (name: keyof Traits, value: unknown) => void,
 *   save_changes: () => void, on: (event: string, hear: () => void) => void,
 *   off: (event: string, hear: () => void) => void}} Model
 */
export default {
  /** @param {{model: Model, el: HTMLElement}} given */
  render({ model, el }) {
    const place = el.appendChild(document.createElement("div"));
    /** @type {Controller | undefined} */
    let controller;
    /** @type {Rows | undefined} those that are shown */
    let rows;
    /** @type {Question | undefined} what this page told last, and so shows already */
    let told;
    /** @param {Question} question @param {string[]} touched */
    const tell = (question, touched) => {
      told = question;
      model.set("_touched", touched);
      model.set("_question", question);
      model.save_changes();
    };
    // Rows and question may come together, and each is heard of by itself.
    const follow = () => {
      const question = model.get("_question");
      if (rows !== model.get("_rows")) {
        rows = model.get("_rows");
        controller?.close();
        const touched = model.get("_touched");
        controller = explorer(place, rows, { ...question, axes: model.get("_axes"), touched, onChange: tell });
      } else if (question !== told) controller?.set(question, model.get("_touched"));
    };
    follow();
    model.on("change:_rows", follow);
    model.on("change:_question", follow);
    return () => {
      model.off("change:_rows", follow);
      model.off("change:_question", follow);
      controller?.close();
    };
  },
};
