// "Run this lesson": the lesson as a notebook of JupyterLite, which stands beside the page in lite/.  The finished page
// is shown until the notebook runs.
(() => {
  "use strict";
  const { lesson } = document.currentScript.dataset;
  const LATE = 60; // seconds after which it says that something may be wrong
  const ELSEWHERE = "It also runs in JupyterLab on your own computer: pip install \"nvmx[lab]\", then: nvmx lab";

  const made = (name, text = "", attributes = {}) => {
    const element = document.createElement(name);
    element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));

  const button = made("button", "Run this lesson", { type: "button" });
  const status = made("span", "", { role: "status" });
  const clock = made("span", "", { "aria-hidden": "true" }); // it would be read out every second
  const bar = made("p", "", { class: "run" });
  bar.append(button, " ", clock, " ", status);
  let overlay; // around the notebook, once it was asked for
  const state = name => { bar.dataset.state = name; };

  const load = async () => {
    if (location.protocol === "file:" || typeof WebAssembly !== "object") {
      state("impossible");
      status.textContent = location.protocol === "file:"
        ? `This page was opened from a file, and the notebook needs a web server. ${ELSEWHERE}`
        : `This browser cannot run it. ${ELSEWHERE}`;
      return;
    }
    const start = performance.now();
    const seconds = () => Math.round((performance.now() - start) / 1000);
    state("loading");
    button.setAttribute("aria-disabled", "true"); // "disabled" would take the focus away
    status.textContent = "Loading. Go on reading: the notebook comes when it runs.";
    const ticking = setInterval(() => {
      clock.textContent = `${seconds()} s:`;
      if (bar.dataset.state === "loading" && seconds() >= LATE) {
        state("late");
        status.textContent = `It has not come yet. It needs a recent browser and a fast network. ${ELSEWHERE}`;
      }
    }, 250);
    const name = "The lesson as a notebook";
    const frame = made("iframe", "", { title: name });
    frame.src = `lite/notebooks/index.html?path=${encodeURIComponent(lesson)}.ipynb`;
    const back = made("button", "Back to the page", { type: "button" });
    const note = made("span", "");
    const head = made("p");
    head.append(back, " ", note);
    overlay = made("section", "", { class: "notebook", inert: "", "aria-label": name });
    overlay.append(head, frame);
    document.body.append(overlay);
    back.addEventListener("click", hide);

    await running(frame.contentWindow);
    clearInterval(ticking);
    clock.textContent = "";
    const took = `The notebook runs, after ${seconds()} s.`;
    status.textContent = took;
    note.textContent = `${took} What you change is kept in this browser.`;
    button.removeAttribute("aria-disabled");
    button.textContent = "Back to the notebook";
    state("runs");
    show();
  };

  // Run the notebook in this window; return when the first thing in it is live, or when all has run.
  const running = async inside => {
    const panel = () => inside.jupyterapp?.shell?.currentWidget;
    while (!panel()?.context?.isReady) await pause(100);
    await panel().sessionContext.ready;
    let done = false;
    const all = () => { done = true; };
    inside.jupyterapp.commands.execute("notebook:run-all-cells").then(all, all);
    const notebook = panel().content;
    notebook.activeCellIndex = 0; // not at its end, where this command goes
    const outputs = () => [...inside.document.querySelectorAll(".jp-OutputArea-output *")];
    while (!done && !outputs().some(element => element.shadowRoot)) await pause(100);
    await notebook.scrollToItem(0);
  };

  // What is behind the notebook cannot be reached with the keyboard.
  const cover = covered => {
    for (const each of document.body.children) each.inert = each === overlay ? !covered : covered;
  };
  const show = () => {
    cover(true);
    overlay.classList.add("shown");
    document.body.classList.add("behind");
    overlay.querySelector("button").focus();
  };
  const hide = () => {
    cover(false);
    overlay.classList.remove("shown");
    document.body.classList.remove("behind");
    button.focus({ preventScroll: true });
  };
  button.addEventListener("click", () => {
    if (bar.dataset.state === "runs") show();
    else if (!overlay) load();
  });

  const heading = document.querySelector("h1");
  const offer = about => {
    if (about) {
      const size = `${Math.round(about.bytes / 1e6)} MB`;
      const measured = about.seconds && `, which took ${Math.round(about.seconds)} s on a computer with ${about.cores} cores, without the time of a network`;
      status.textContent = `In this page, with nothing to install. It loads ${measured ? size + measured : `up to ${size}`}.`;
    }
    heading.after(bar);
  };
  if (location.protocol === "file:") offer();
  else fetch("lite/about.json").then(found => found.ok && found.json().then(offer));
})();
