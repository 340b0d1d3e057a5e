/**
 * The explorer's style, for its shadow root.  All colours are the outcomes' (from the rows), or mixed from two: ink and
 * paper.  These are JupyterLab's if there are any, else the system's, which follow the page's `color-scheme`.
 */
export const STYLE = `
:host { display: block }
[hidden] { display: none !important }
*, *::before { box-sizing: border-box }
.root {
  all: initial; color-scheme: inherit; display: block; /* whatever the page around it does to its text */
  --paper: var(--nvmx-paper, var(--jp-layout-color0, Canvas)); --ink: var(--nvmx-ink, var(--jp-ui-font-color0, CanvasText));
  --dim: color-mix(in srgb, var(--ink) 70%, var(--paper)); --line: color-mix(in srgb, var(--ink) 18%, var(--paper));
  --edge: color-mix(in srgb, var(--ink) 55%, var(--paper)); --soft: color-mix(in srgb, var(--ink) 5%, var(--paper));
  --mono: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  container-type: inline-size; background: var(--paper); color: var(--ink);
  font: .875rem/1.35 system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
p, dl, dd, table, fieldset, h2, ul { margin: 0; padding: 0; border: 0 }
h2 { font-size: 1em; font-weight: 600 }
:focus-visible, .cover:focus-visible + * { outline: 3px solid color-mix(in srgb, #0072b2 75%, var(--ink)); outline-offset: 1px }
.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
button, select, input:not(.cover) {
  font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: 5px; min-height: 26px;
}
button { padding: .1em .6em; cursor: pointer }
button:hover, label:hover .cell { background: color-mix(in srgb, var(--ink) 10%, var(--paper)) }
button[aria-disabled=true] { color: var(--dim); border-color: var(--line); background: none; cursor: default }
select { padding: 0 .2em; max-width: 100% }
input:not(.cover) { padding: 0 .4em; font-family: var(--mono); min-width: 0 }
input[aria-invalid=true] { border: 2px dashed var(--edge) }
.mono { font-family: var(--mono); font-size: .93em }

/* the question */
.bar, .presets { display: flex; flex-wrap: wrap; gap: .4em 1em; align-items: center; padding: .4em .8em }
.bar label { display: inline-flex; gap: .4em; align-items: center; flex: 0 1 auto; min-width: 0; white-space: nowrap }
.presets .group { display: inline-flex; flex-wrap: wrap; gap: .3em .4em; align-items: center; max-width: 100% }
.bar select { flex: 1 1 auto; min-width: 0; width: 100% }
.bar .ends { margin-inline-start: auto; display: flex; flex-wrap: wrap; gap: .4em }
@container (min-width: 60rem) { .bar { flex-wrap: nowrap } .bar > :not(label) { flex: none } }
.presets { padding-block: .5em }
.presets button { border-color: var(--line) }

/* the verdict */
.verdict { display: contents }
.headline, .facts { background: color-mix(in srgb, var(--outcome) 13%, var(--paper)); border-inline-start: 10px solid var(--outcome) }
.headline { position: sticky; top: 0; z-index: 3; padding: .6rem .8rem .4rem; font-size: clamp(1.05rem, 1.7cqi, 2rem); line-height: 1.2;
  display: grid; gap: .3em; border-block-start: 1px solid var(--line) }
.headline .line { display: flex; flex-wrap: wrap; gap: .2em .6em; align-items: center; min-width: 0 }
.headline .who { font-size: max(.8rem, .65em); color: var(--dim); flex: 1 0 100%; margin-bottom: -.1em }
.headline .cause { flex: 1 1 8em; min-width: 0 }
.badge { display: inline-block; background: var(--own); color: var(--own-ink); font-weight: 700; padding: .1em .45em;
  border-radius: .25em; white-space: nowrap; border: 1px solid color-mix(in srgb, var(--own) 60%, #000) }
.headline .badge { white-space: normal; max-width: 100%; font-size: min(1.5em, 6cqi); justify-self: start }
.facts { padding: 0 .8rem; display: grid; gap: .2em 2em; align-items: center }
.meaning { padding-block: .3em .6em; gap: .45em; border-block-end: 1px solid var(--line) }
.main :is(input, button, select) { scroll-margin-block-start: 12rem } /* what has the focus is not below the verdict */
.facts dl { display: flex; flex-wrap: wrap; gap: .2em 1.6em }
.facts dl > div { display: flex; gap: .4em }
.facts dt { color: color-mix(in srgb, var(--ink) 80%, var(--paper)) }
.facts dd { font-weight: 600 }
.facts p { display: flow-root }
.repair, .impossible { font-size: 1.08em }
.facts .repair { display: flex; flex-wrap: wrap; gap: .2em .5em; align-items: center; min-height: 2em } /* the table stays where it is */
.impossible button { margin-inline-start: .5em }
.repair button, .impossible button { border-width: 2px; font-weight: 600 }
.impossible { border: 1px dashed var(--edge); border-radius: 5px; padding: .3em .6em; background: var(--paper); justify-self: start }

/* the checks */
.main { display: grid; gap: 1em 1.4em; grid-template-columns: minmax(0, 1fr); align-items: start; padding: 0 .8em .8em }
.checks { display: block; width: 100%; border-collapse: collapse; text-align: left }
.checks thead, .checks tbody { display: block }
.checks tr { contain: layout style; display: grid; grid-template-columns: var(--columns); gap: 0 .7em; align-items: center; padding: 2px .5em 2px .3em;
  border-block-end: 1px solid var(--line); border-inline-start: 5px solid transparent; min-height: 31px }
.checks th, .checks td { padding: 0; font-weight: inherit; text-align: left; min-width: 0 }
.checks thead tr { color: var(--dim); min-height: 0; font-size: .9em; border-inline-start-color: transparent }
.checks .number { white-space: nowrap; text-align: right; color: var(--dim) }
.checks .bits { display: flex; flex-wrap: wrap; gap: 3px .9em }
.why { color: var(--dim); font-size: .93em; line-height: 1.25 }
.why button { min-height: 24px; margin-block: -5px; min-width: 24px; padding: 0 .3em; border-color: transparent; background: none; color: inherit; text-decoration: underline dotted; font-size: .95em }
tr[data-mark="not reached"] :is(.asks, .ending, .mark) { color: var(--dim) }
tr[data-mark="would also fail"] { border-inline-start: 5px dotted var(--own) }
.mark[data-mark="would also fail"] { font-weight: 600 }
.mark[data-mark="stopped here"] { font-weight: 700 }
tr[data-mark="stopped here"] { border-inline-start-color: var(--own); background: color-mix(in srgb, var(--own) 30%, var(--paper));
  outline: 2px solid color-mix(in srgb, var(--own) 70%, var(--ink)); outline-offset: -1px; padding-block: 5px !important }
tr[data-mark="stopped here"] :is(.asks, .ending) { font-weight: 700 }
tr[data-mark="stopped here"] .asks { font-size: 1.15em }
.mark[data-mark="stopped here"], tr[data-mark="stopped here"] .ending { font-size: 1.08em }
tr[data-mark="stopped here"] :is(.why, .number, .by, .name) { color: var(--ink) }
tr[data-mark="stopped here"] .ending { background: var(--own); color: var(--own-ink); border-radius: .25em; padding: .1em .45em; justify-self: start }
tr[data-mark="stopped here"] td.ending::before { display: none }
td.ending::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-inline-end: .45em; background: var(--own); border: 1px solid var(--edge); border-radius: 2px }
.ending span { display: block; font-size: .88em; color: inherit }
tr[data-first] { box-shadow: 0 0 0 3px var(--ink); position: relative; z-index: 1 }
tr[data-first] .asks::after { content: " first difference"; display: inline-block; margin-inline-start: .4em; background: var(--ink); color: var(--paper); padding: 0 .4em; border-radius: 3px; font-size: .8em; font-weight: 600 }
.mark { white-space: nowrap } td.ending { text-wrap: balance }
.mark i { font-style: normal; display: inline-block; width: 1.25em }
.detail { font-size: .93em; background: var(--soft) }
.checks tr.detail, .checks tr.other { grid-template-columns: minmax(0, 1fr) }
.detail td { padding: .3em .5em .4em 2.2em }
.detail ul { list-style: none; display: grid; gap: .2em }
.other td { display: flex; flex-wrap: wrap; gap: .2em 1em; align-items: center; padding-block: .3em }

/* the controls */
.bit { position: relative; display: inline-flex; flex-wrap: wrap; gap: 0 .35em; align-items: center; min-height: 26px; font-family: var(--mono); font-size: .93em; font-weight: 400; cursor: pointer; white-space: nowrap }
.name { color: color-mix(in srgb, var(--ink) 85%, var(--paper)) }
.cover { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer }
.cell { display: inline-grid; place-items: center; min-width: 26px; height: 26px; padding: 0 .35em; border: 1px solid var(--edge); border-radius: 4px; background: var(--paper); color: var(--ink) }
.cover:checked + .cell { background: color-mix(in srgb, var(--ink) 85%, var(--paper)); color: var(--paper); border-color: var(--ink) }
.cover:disabled + .cell { color: var(--dim); border-style: dotted; text-decoration: line-through; cursor: not-allowed }
.choice { display: inline-flex }
.presets .choice { flex-wrap: wrap; row-gap: 3px }
.choice label { position: relative; display: inline-flex; cursor: pointer }
.choice .cell { border-radius: 0; margin-inline-start: -1px }
.choice label:first-child .cell { border-radius: 4px 0 0 4px; margin: 0 }
.choice label:last-child .cell { border-radius: 0 4px 4px 0 }
.to { font-weight: 700; white-space: nowrap; border-block-end: 2px solid #009e73 }
.to:empty { display: none }
.text { font-family: system-ui, sans-serif }

/* beside the checks */
.side { display: grid; gap: 1em; grid-template-columns: minmax(0, 1fr); min-width: 0 }
.registers { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .25em .7em; align-items: center }
.registers input { width: 100%; max-width: 14em }
.registers .problem, .registers h2 { grid-column: 1 / -1 }
.outcomes ul { list-style: none; display: flex; flex-wrap: wrap; gap: .35em; margin-top: .35em }
.outcomes button { font-weight: 600; border-style: dashed; white-space: nowrap; background: none }
.outcomes button[data-reached] { background: var(--own); color: var(--own-ink); border: 1px solid color-mix(in srgb, var(--own) 60%, #000) }
.outcomes button[aria-pressed=true] { box-shadow: 0 0 0 2px var(--paper), 0 0 0 4px var(--ink) }
.map table { font-size: min(1em, 3.5cqi); border-collapse: collapse; margin-top: .35em; width: 100%; max-width: 30em; table-layout: fixed }
.map th { font-weight: 400; font-size: .8em; line-height: 1.15; padding: 1px; text-align: center; vertical-align: bottom; hyphens: manual }
.map th.corner { width: 3.3em }
.map th[aria-current] { font-weight: 700; text-decoration: underline 2px }
.map tbody th { vertical-align: middle; border: 1px solid var(--line) }
.map td { padding: 0; height: 25px; border: 1px solid var(--line) }
.map td button { display: block; width: 100%; min-height: 25px; height: 25px; padding: 0; border: 0; border-radius: 0; background: color-mix(in srgb, var(--own) 55%, var(--paper)); font-weight: 600; font-size: .9em; line-height: 1 }
.map td button:hover { text-decoration: underline }
.map td button[aria-current] { background: var(--own); color: var(--own-ink); outline: 4px solid var(--ink); outline-offset: -1px; position: relative; z-index: 1; font-size: 1.1em }
.map td button:focus-visible { outline: 3px dashed var(--ink); outline-offset: 1px; position: relative; z-index: 2 }
.address { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .35em }
.address label, .address .problem { grid-column: 1 / -1 }
.problem:empty { display: none }
.note { color: var(--dim) }

/* brief */
.brief :is(.headline, .verdict) { position: static }
.brief .headline { font-size: 1.1rem; border-block-start: 0; border-radius: 5px 5px 0 0 }
.brief .headline .badge { font-size: 1.2em }
.brief .facts { font-size: .95em; border: 0; border-inline-start: 10px solid var(--outcome) }
.brief .presets { padding-inline: .5rem }
.brief .main { padding: 0 }
.brief { border: 1px solid var(--line); border-radius: 5px; max-width: 72rem }

/* widths of the explorer, not of the window */
.wide { display: none !important }
.presets .narrow { display: flex }
.checks { --columns: 1.4rem minmax(0, 1fr) auto }
.compare .checks { --columns: 2.9rem minmax(0, 1fr) auto }
.checks thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.checks tr { grid-template-areas: "number asks mark" "number bits ending" "number why why" }
.number { grid-area: number } .asks { grid-area: asks } .bits { grid-area: bits } .mark { grid-area: mark; justify-self: end }
.ending { grid-area: ending; justify-self: end; max-width: 7.5rem; text-align: right } .why { grid-area: why }
.number { align-self: start } .asks { font-weight: 500 }
.by { display: none }
.compare .checks tr { grid-template-areas: "number asks ending" "number mark mark" "number mark2 mark2" "number bits bits" "number why why" }
.compare .mark, .mark2 { justify-self: start } .mark2 { grid-area: mark2 }
.checks tr.detail, .checks tr.other { grid-template-areas: none }
.compare .mark::before { content: attr(data-source) ": "; color: var(--dim); font-size: .85em; font-weight: 400 }
@container (min-width: 44rem) {
  .narrow { display: none !important }
  .wide { display: inline-flex !important }
  .bar select { width: 17rem }
  .verdict { display: block; position: sticky; top: 0; z-index: 3 }
  .headline { position: static; border-block-start: 0; padding-block: .4rem .3rem }
  .checks thead { position: static; width: auto; height: auto; clip-path: none; overflow: visible }
  .checks { --columns: 1.5rem minmax(0, 1fr) minmax(0, 1.4fr) 8.9rem 8.9rem }
  .checks tr { grid-template-areas: "number asks bits mark ending" "number why why why why"; padding-block: 3px }
  .checks thead tr, .compare .checks thead tr { grid-template-areas: "number asks bits mark ending" }
  .mark, .ending { justify-self: start; text-align: left !important; max-width: none !important }
  td.number { padding-top: .35rem !important }
  .compare .checks { --columns: 3.4rem minmax(0, .75fr) minmax(0, 1fr) 8.9rem 8.9rem }
  .compare .checks tr { grid-template-areas: "number asks bits mark mark2" "number why why ending ending" }
  .compare .checks thead tr { grid-template-areas: "number asks bits mark mark2" }
  .checks thead .why, .compare .checks thead .ending { display: none }
  .compare .checks .mark::before { content: none }
  .side { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); grid-template-rows: auto auto 1fr }
  .side > .map { grid-row: span 3 }
  .side > * { align-self: start }
  .headline .badge { min-width: 4.2em; text-align: center }
  .compare .headline { grid-template-columns: 1fr 1fr; gap: 1em }
  .compare .headline .line { font-size: .8em; align-content: start }
}
@container (min-width: 76rem) {
  .main { grid-template-columns: minmax(0, 1fr) minmax(20rem, 24rem) }
  .brief .main { grid-template-columns: minmax(0, 1fr) }
  .side { grid-template-columns: minmax(0, 1fr) }
  .headline { font-size: clamp(1.4rem, 1.75cqi, 2.4rem) }
  .facts { font-size: clamp(.95rem, 1.05cqi, 1.5rem) }
  .facts .small { font-size: 1rem }
}
@container (min-width: 100rem) {
  .consequences { display: flex; flex-wrap: wrap }
  .meaning { display: flex; flex-wrap: wrap; padding-block: 0 .25em }
  .headline { padding-block: .3rem .2rem }
  .checks tr { min-height: 29px }
  .bar select { width: 24rem }
  .presets { padding-block: .25em }
  .main { grid-template-columns: minmax(0, 1fr) minmax(20rem, 24rem) }
  .checks { --columns: 1.5rem minmax(0, 1.1fr) minmax(0, 1.75fr) 8.9rem 8.9rem 5.2rem minmax(0, 2.65fr) }
  .checks tr, .checks thead tr { grid-template-areas: "number asks bits mark ending by why"; padding-block: 1px }
  td.number { align-self: center; padding: 0 !important }
  .compare .checks { --columns: 3.4rem minmax(0, 1.1fr) minmax(0, 1.6fr) 8.9rem 8.9rem 7.6rem minmax(0, 2.2fr) }
  .compare .checks tr, .compare .checks thead tr { grid-template-areas: "number asks bits mark mark2 ending why" }
  .by { display: block; grid-area: by } .compare .by { display: none }
  .checks thead .why, .compare .checks thead .ending { display: block }
}
@media (max-height: 30em) { .headline, .verdict { position: static } }
@media (forced-colors: active) {
  .cover:checked + .cell, .outcomes button[data-reached] { background: Highlight; color: HighlightText; forced-color-adjust: none }
  tr[data-mark="stopped here"], .headline { border: 3px solid Highlight }
  .map td button[aria-current] { outline-color: Highlight }
  .badge, tr[data-mark="stopped here"] .ending { border: 1px solid }
  .checks tr:not([data-mark="would also fail"], [data-mark="stopped here"]), .why button { border-inline-start-color: Canvas }
  .why button { border: 0 }
}
@media (prefers-reduced-motion: no-preference) { button, .cell { transition: background-color .1s } }
@media print { .bar .ends, .presets, .address button { display: none } .headline, .verdict { position: static } }
`;
