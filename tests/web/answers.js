// Ask model.js, and write each answer as one line of JSON: engines.py runs this in node and in Chromium.

/** @typedef {typeof import("../../nvmx/web/model.js")} Module */
/** @typedef {import("../../nvmx/web/model.js").Rows} Rows */
/** @typedef {import("../../nvmx/web/model.js").State} State */

/** What differs in `end`. @param {State} start @param {State} end */
const changes = (start, end) => Object.fromEntries(Object.entries(end).filter(([name]) => end[name] !== start[name]));

/** @param {() => unknown} answer */
const orError = (answer) => {
  try {
    return answer();
  } catch (error) {
    if (error instanceof RangeError) return `refused: ${error.message}`;
    throw error;
  }
};

/** @type {Record<string, (model: Module, rows: Rows, question: any[]) => unknown>} */
const KINDS = {
  verdict: (model, rows, [number, given, kept, target]) => {
    const { instruction, source } = rows.ladders[number];
    const found = model.verdict(rows, instruction, source, given, kept ?? undefined);
    const { ready } = model.ladder(rows, instruction, source);
    const { outcome, error, ending, flags, state, mode, possible, impossible, objection, cause } = found;
    const repair = found.repairTo();
    return [
      outcome,
      found.rung?.number ?? null,
      found.masked.map((rung) => rung.number),
      error,
      ending,
      flags,
      changes(ready, state),
      mode,
      changes(state, found.after),
      possible,
      impossible,
      objection,
      changes(state, found.nearest),
      found.wayToNearest,
      found.repair,
      repair?.needsReset ?? null,
      repair?.text ?? null,
      (target && found.repairTo(target)?.changes) ?? null,
      cause,
      found.reason,
      found.headline,
      found.address,
      found.steps.map(({ rung, mark }) => `${rung.number} ${mark}`),
    ];
  },
  explain: (model, rows, [number, known, observed]) => {
    const { instruction, source } = rows.ladders[number];
    const found = model.explain(rows, instruction, source, known, observed);
    const { ready } = model.ladder(rows, instruction, source);
    const suspects = found.suspects.map((each) => [
      each.rung.number,
      changes(ready, each.state),
      each.open,
      each.repair,
    ]);
    return [found.outcomes, suspects, found.missing, found.repair];
  },
  // The outcomes of all combinations are millions of bytes, so their digest is compared.
  digest: async (model, rows, [number, axes]) => {
    const { instruction, source } = rows.ladders[number];
    const codes = model.outcomeCodes(rows, instruction, source, axes);
    const digest = await crypto.subtle.digest("SHA-256", /** @type {Uint8Array<ArrayBuffer>} */ (codes));
    return [codes.length, [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")];
  },
  codes: (model, rows, [number, axes, held]) => {
    const { instruction, source } = rows.ladders[number];
    return [...model.outcomeCodes(rows, instruction, source, axes ?? undefined, held)];
  },
  ladder: (model, rows, [number]) => {
    const { instruction, source } = rows.ladders[number];
    const found = model.ladder(rows, instruction, source);
    return [
      found.rungs,
      found.effect,
      found.reads,
      found.axes,
      found.reads.map((name) => model.domain(rows, found, name)),
      found.rungs.map((rung) => [model.conditionText(rung.when), model.flagsText(rung.flags)]),
    ];
  },
  nearest: (model, rows, [instruction, sources, state, kept]) => {
    const ladders = sources.map((/** @type {string} */ source) => model.ladder(rows, instruction, source));
    return model.nearestPossible(rows, state, kept, ladders);
  },
  canonical: (model, rows, [state]) => model.canonical(rows, state),
  address: (model, rows, [text]) =>
    orError(() => {
      const { instruction, source, values } = model.parseAddress(rows, text);
      return [instruction, source, values, model.writeAddress(rows, instruction, source, values)];
    }),
  read: (model, rows, [register, text]) => orError(() => model.readRegister(rows, register, text)),
  write: (model, rows, [register, state, others]) => model.writeRegister(rows, register, state, BigInt(others)),
  refused: (model, rows, [name, ...given]) =>
    orError(() => /** @type {any} */ (model)[name](rows, ...given) && "not refused"),
};

/**
 * @param {Module} model @param {Rows} rows @param {[string, any[]][]} questions
 * @returns {Promise<string>} one line for each
 */
export async function answers(model, rows, questions) {
  const lines = [];
  for (const [kind, question] of questions) lines.push(JSON.stringify(await KINDS[kind](model, rows, question)));
  return lines.join("\n");
}
