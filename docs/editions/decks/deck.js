/* Choose the size of the type of each slide, as large as it fits; then start reveal.js. */
(() => {
  "use strict";
  const SIZES = [40, 38, 36, 34, 32, 30, 28, 27, 26, 25, 24]; // pixels of a slide that is 1280 wide and 720 high
  const DENSE = 32; // not more beside a picture, or where there is a table or a list
  const ZOOMS = Array.from({ length: 40 }, (_, n) => 1.66 - n * 0.02); // above, a short explorer has no columns
  // For slides: the deck's type; of an explorer the answer and the checks alone, and all checks in two columns.
  const SHADOW = `
    .root { font-family: "Deck", "Deck signs", sans-serif !important; max-width: none !important;
      --mono: "Deck code", monospace; --dim: #444 }
    fieldset { border: 0 !important; padding: 0 !important }
    legend { float: left; width: 100%; padding: 0 0 .4em !important }
    legend + * { clear: both }
    input[type=radio] { width: .9em !important; height: .9em !important }
    .why, .by, .bar, .side, .checks tr.other, .meaning { display: none !important }
    .root :is(.mono, .bit, .ending span, .checks thead tr, .facts, .brief .facts, .headline .who) { font-size: 1em !important }
    .root.brief { font-size: 1rem }
    .brief .headline { padding-block: .2em !important; font-size: 1.05rem }
    .brief .checks tr { min-height: 0 }
    .root td.number { align-self: center; padding: 0 !important }
    .root .text { font-family: "Deck", sans-serif }
    .facts.consequences { display: flex; flex-wrap: wrap; gap: .1em 1.6em; padding-block-end: .3em }
    .root .checks tr { grid-template-areas: "number asks bits mark ending" !important; padding-block: 1px }
    .root .checks { --columns: 1.6rem minmax(0, 1fr) minmax(0, 1.3fr) 8rem 7.5rem }
    .cell { height: 1.4em !important; min-width: 1.5em !important }
    .bit { min-height: 0 !important }
    .root:not(.brief) .checks tbody { columns: 2; column-gap: 1.2rem }
    .root:not(.brief) .checks thead { display: none }
    .root:not(.brief) .checks tr { break-inside: avoid; min-height: 0; gap: 0 .4em;
      --columns: 1.3rem minmax(0, 1fr) minmax(0, 1.15fr) 1rem 6.8rem }
    .root:not(.brief) .checks .mark { font-size: 0 }
    .root:not(.brief) .checks .mark::before { content: "–" !important; font-size: .875rem; color: inherit }
    .root:not(.brief) .mark[data-mark="passed"]::before { content: "✓" !important }
    .root:not(.brief) .mark[data-mark="stopped here"]::before { content: "■" !important }
    .root:not(.brief) .mark[data-mark="would also fail"]::before { content: "○" !important }
    .root:not(.brief) .mark[data-mark="not reached"]::before { content: "·" !important }
    .root.compare:not(.brief) .checks tr { grid-template-areas: "number asks bits mark mark2" !important;
      --columns: 3rem minmax(0, 1fr) minmax(0, 1.2fr) 1rem 1rem }
    .compare .ending { display: none }
    .root:not(.brief) .main { grid-template-columns: minmax(0, 1fr) !important; padding: 0 }
  `;

  /** Whether something on the slide reaches out of its place. */
  const overflows = (section) => {
    const body = section.querySelector(".body");
    if (body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1) return true;
    return body.getBoundingClientRect().bottom > section.getBoundingClientRect().bottom + 1;
  };

  /** The longest reply of a question, for which there must be room. */
  const longest = (host) => {
    const asked = JSON.parse(host.dataset.nvmxQuiz);
    const replies = [asked.praise, ...(asked.choices ?? asked.bounds).flatMap((each) => each.slice(1, 3))];
    return replies.reduce((best, each) => (each.length > best.length ? each : best), "");
  };

  const fit = (section) => {
    const explorer = section.querySelector(".body > [data-nvmx]");
    if (explorer) {
      for (const zoom of ZOOMS) {
        section.style.setProperty("--zoom", zoom);
        if (!overflows(section)) break;
      }
      return;
    }
    const host = section.querySelector("[data-nvmx-quiz]");
    const status = host?.shadowRoot?.querySelector("[role=status]");
    const before = status?.innerHTML;
    if (status && !before) status.innerHTML = longest(host);
    const isDense = section.matches(".beside") || section.querySelector(".body :is(table, ul, ol, [data-nvmx-quiz])");
    const most = isDense ? DENSE : SIZES[0];
    for (const size of SIZES.filter((each) => each <= most)) {
      section.style.setProperty("--size", `${size}px`);
      if (!overflows(section)) break;
    }
    if (status && !before) status.innerHTML = "";
  };

  const start = async () => {
    const sections = [...document.querySelectorAll(".slides > section")];
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(SHADOW);
    for (const host of document.querySelectorAll("[data-nvmx], [data-nvmx-quiz]")) {
      if (host.shadowRoot) host.shadowRoot.adoptedStyleSheets = [...host.shadowRoot.adoptedStyleSheets, sheet];
    }
    await Promise.all([...document.fonts].map((font) => font.load()));
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    document.body.classList.add("fitting");
    for (const section of sections) {
      section.style.display = "flex";
      const picture = section.matches(".beside") && section.querySelector("img");
      if (picture) section.style.setProperty("--picture", `${picture.getBoundingClientRect().width + 8}px`);
      fit(section);
      section.style.display = "";
    }
    await Reveal.initialize({
      width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4, display: "flex", center: false,
      hash: true, slideNumber: "c/t", controls: false, transition: "none", scrollActivationWidth: null,
      plugins: [RevealNotes],
    });
    document.documentElement.dataset.ready = "yes";
    // What a click shows may need more room than there was; a change inside an explorer is not heard outside of it.
    const refit = () => requestAnimationFrame(() => {
      const section = Reveal.getCurrentSlide();
      if (overflows(section)) fit(section);
    });
    document.addEventListener("click", refit);
    for (const host of document.querySelectorAll("[data-nvmx]")) host.shadowRoot?.addEventListener("change", refit, true);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
