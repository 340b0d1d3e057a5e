/**
 * The model of nvmx, for web pages: it reads the rows that `nvmx.web.rows()` returns, and answers as Python does.
 *
 * It holds no rule of its own.  A state is an object of values by column name: `{"CR4.VMXE": 0, "CPL": 3}`; an argument
 * may name axes by keyword, too.  Wrong names and values throw a RangeError.
 *
 * @typedef {number | string} Value
 * @typedef {Record<string, Value>} State
 * @typedef {Record<string, Value[]>} Box a condition: the values that some axes must have
 * @typedef {{column: string, keyword: string, values: Value[], ready: Value, where: string, meaning: string,
 *   set_by: string, register?: string, bit?: number}} Axis
 * @typedef {{name: string, axes: string[], ready: State, outcomes: string[]}} Instruction
 * @typedef {{when: Box, reason: string, canonical: string | null}} Rule
 * @typedef {{name: string, letter: string, colour: string, ink: string, flags: Record<string, number>,
 *   meaning: string}} Outcome
 * @typedef {{id: string, title: string, date: string, reference: string, note: string}} Source
 * @typedef {{name: string, when: Box, outcome: string, error: number | null, reason: string}} Check
 * @typedef {[check: number, by: string, reference: number, shadowed?: string]} RungRow
 * @typedef {{after: State, flags: Record<string, number>}} Effect
 * @typedef {{instruction: string, source: string, rungs: RungRow[], effect: Effect, narrow: Box}} LadderRow
 * @typedef {{axes: Axis[], instructions: Instruction[], rules: Rule[], modes: Record<string, State>,
 *   mode_axes: string[], marks: string[], outcomes: Outcome[], sources: Source[], checks: Check[],
 *   references: string[], ladders: LadderRow[]}} Rows
 *
 * @typedef {{number: number, by: string, source: string, shadowed: string, ending: string,
 *   flags: Record<string, number>}} Place
 * @typedef {Check & Place} Rung a check in its place: `number` counts from 1, `ending` is the outcome with its error
 * @typedef {{instruction: string, source: string, rungs: Rung[], effect: Effect, narrow: Box, ready: State,
 *   reads: string[], axes: string[], boxes: Compiled[], outside: Compiled[]}} Ladder `reads`: every axis that it reads;
 *   `axes`: without the decoder's; `boxes`: where each rung fires, and `outside`: where the source says nothing
 * @typedef {{changes: State, needsReset: boolean, text: string}} Repair `changes` are made all at once; `needsReset`:
 *   FEATURE_CONTROL is locked and must change, which takes a power-up reset
 * @typedef {{outcomes?: string[], error?: number | null, flags?: Record<string, number>,
 *   neverAfter?: Box[]}} Observation what was seen: the outcomes it can have been, the error number, flags afterwards,
 *   and what the state afterwards is not
 */

/**
 * Inside this file, a state is an array of codes (indexes into an axis's values) in table order, and a set of values of
 * one axis is a mask with a bit for each code.
 *
 * @typedef {number[]} Codes
 * @typedef {{places: number[], masks: number[]}} Compiled a box: the axes by place, and the values that they must have
 * @typedef {{place: number, code: number}[]} Changes in table order
 * @typedef {{axes: Axis[], places: Map<string, number>, rules: Compiled[],
 *   ladders: Map<LadderRow, Ladder>}} Model `ladders`: those that were asked for
 */

/** @type {WeakMap<Rows, Model>} */
const MODELS = new WeakMap();

// --- names and values ------------------------------------------------------------------------------------------------

/** @param {unknown} value @returns {string} as Python writes it */
const quoted = (value) => (typeof value === "string" ? `'${value}'` : String(value));

/** @param {string} what @param {unknown} given @param {Iterable<Value>} allowed @returns {RangeError} */
const unknown = (what, given, allowed) =>
  new RangeError(`${what}: ${quoted(given)} is not allowed (allowed: ${[...allowed].map(quoted).join(", ")})`);

/** @template {{name: string}} T @param {T[]} table @param {string} what @param {string} name @returns {T} */
const find = (table, what, name) => {
  const row = table.find((each) => each.name === name);
  if (row) return row;
  const names = table.map((each) => each.name);
  throw unknown(what, name, names);
};

/** @param {Model} model @param {string} name a column or a keyword @returns {number} */
const placeOf = (model, name) => {
  const place = model.places.get(name);
  if (place === undefined) throw unknown("axis", name, model.places.keys());
  return place;
};

/** @param {Axis} axis @returns {number} the mask of all values */
const all = (axis) => (1 << axis.values.length) - 1;

/** @param {Axis} axis @param {Value[]} values @returns {number} */
const maskOf = (axis, values) => values.map((value) => 1 << codeOf(axis, value)).reduce((one, other) => one | other, 0);

/** @param {Axis} axis @param {Value} value @returns {number} */
const codeOf = (axis, value) => {
  const code = axis.values.indexOf(value);
  if (code < 0) throw unknown(`value of ${axis.column}`, value, axis.values);
  return code;
};

/** @param {Rows} rows @returns {Model} */
const modelOf = (rows) => {
  let model = MODELS.get(rows);
  if (!model) {
    model = { axes: rows.axes, places: new Map(), rules: [], ladders: new Map() };
    for (const key of /** @type {const} */ (["column", "keyword"])) {
      for (const [place, axis] of rows.axes.entries()) model.places.set(axis[key], place);
    }
    for (const rule of rows.rules) model.rules.push(compiled(model, rule.when));
    MODELS.set(rows, model);
  }
  return model;
};

/** @param {Model} model @param {Box} box @returns {Compiled} */
const compiled = (model, box) => {
  const places = Object.keys(box).map((name) => placeOf(model, name));
  return { places, masks: places.map((place, n) => maskOf(model.axes[place], Object.values(box)[n])) };
};

/** @param {Model} model @param {State} state @returns {Codes} */
const encode = (model, state) => model.axes.map((axis) => codeOf(axis, state[axis.column]));

/** @param {Model} model @param {Codes} codes @returns {State} */
const decode = (model, codes) =>
  Object.fromEntries(model.axes.map((axis, place) => [axis.column, axis.values[codes[place]]]));

/** @param {Model} model @param {Changes} changes @returns {State} */
const named = (model, changes) =>
  Object.fromEntries(changes.map(({ place, code }) => [model.axes[place].column, model.axes[place].values[code]]));

/**
 * Return these values by column name, in table order.
 * @param {Rows} rows @param {State} given @returns {State}
 */
export function namedValues(rows, given) {
  const model = modelOf(rows);
  /** @type {State} */
  const found = {};
  for (const [name, value] of Object.entries(given)) {
    const axis = model.axes[placeOf(model, name)];
    if (axis.column in found) throw new RangeError(`axis ${axis.column} is named twice`);
    found[axis.column] = axis.values[codeOf(axis, value)];
  }
  return Object.fromEntries(
    rows.axes.filter((axis) => axis.column in found).map((axis) => [axis.column, found[axis.column]]),
  );
}

/**
 * Return every ladder with its rungs written out, those of one's own last.
 * @param {Rows} rows @returns {Ladder[]}
 */
export function ladders(rows) {
  return rows.ladders.map((row) => ladderOf(rows, row));
}

/** @param {Rows} rows @param {LadderRow} row @returns {Ladder} */
const ladderOf = (rows, row) => {
  const model = modelOf(rows);
  const found = model.ladders.get(row) ?? written(rows, model, row);
  model.ladders.set(row, found);
  return found;
};

/**
 * Return the ladder of a source: its id, or a ladder that this file returned.  Of ladders with the same name the last
 * is meant, which is one's own.
 * @param {Rows} rows @param {string} instruction @param {string | Ladder} source @returns {Ladder}
 */
export function ladder(rows, instruction, source) {
  find(rows.instructions, "instruction", instruction);
  const held = rows.ladders.filter((each) => each.instruction === instruction);
  const row = held.findLast((each) => each.source === source);
  const found = row ? ladderOf(rows, row) : source;
  const names = held.map((each) => each.source);
  if (typeof found === "string") throw unknown(`source for ${instruction}`, source, names);
  if (found.instruction === instruction) return found;
  throw new RangeError(`source: the ladder given is for ${found.instruction}, not for ${instruction}`);
}

/** @param {Rows} rows @param {Model} model @param {LadderRow} row @returns {Ladder} */
const written = (rows, model, { instruction, source, rungs: numbered, effect, narrow }) => {
  const rungs = numbered.map(([number, by, reference, shadowed = ""], n) => {
    const check = rows.checks[number];
    const ending = check.error === null ? check.outcome : `${check.outcome} (error ${check.error})`;
    const { flags } = find(rows.outcomes, "outcome", check.outcome);
    return { ...check, number: n + 1, by, source: rows.references[reference], shadowed, ending, flags };
  });
  /** @param {Box[]} boxes @returns {string[]} */
  const inOrder = (boxes) => {
    const names = new Set(["VMX", ...boxes.flatMap(Object.keys)]);
    return rows.axes.map((axis) => axis.column).filter((name) => names.has(name));
  };
  return {
    instruction,
    source,
    rungs,
    effect,
    narrow,
    ready: find(rows.instructions, "instruction", instruction).ready,
    reads: inOrder([narrow, ...rungs.map((rung) => rung.when)]),
    axes: inOrder(rungs.filter((rung) => rung.by !== "decoder").map((rung) => rung.when)),
    boxes: rungs.map((rung) => compiled(model, rung.when)),
    outside: Object.entries(narrow).map(([name, values]) => outsideOf(model, placeOf(model, name), values)),
  };
};

/**
 * Return the states in which an axis has none of these values.
 * @param {Model} model @param {number} place @param {Value[]} values @returns {Compiled}
 */
const outsideOf = ({ axes }, place, values) => ({
  places: [place],
  masks: [all(axes[place]) & ~maskOf(axes[place], values)],
});

/**
 * Return the values of an axis about which the ladder's source says something.
 * @param {Rows} rows @param {Ladder} ladder @param {string} name @returns {Value[]}
 */
export function domain(rows, ladder, name) {
  const model = modelOf(rows);
  const { column, values } = model.axes[placeOf(model, name)];
  return ladder.narrow[column] ?? values;
}

/** @param {Rows} rows @param {Ladder} ladder @param {State} given */
const checkDomain = (rows, ladder, given) => {
  for (const [name, value] of Object.entries(given)) {
    const values = domain(rows, ladder, name);
    if (!values.includes(value)) throw unknown(`value of ${name} for ${ladder.source}`, value, values);
  }
};

// --- the closest state -----------------------------------------------------------------------------------------------

/** @param {Compiled} box @param {Codes} codes @returns {boolean} whether the state lies in the box */
const matches = ({ places, masks }, codes) => {
  for (let n = 0; n < places.length; n++) if (!((masks[n] >> codes[places[n]]) & 1)) return false;
  return true;
};

/** @param {number} mask @returns {number} how many values it holds */
const size = (mask) => {
  let count = 0;
  for (; mask; mask &= mask - 1) count++;
  return count;
};

/** @param {Changes} one @param {Changes} other @returns {boolean} whether `one` is smaller, or first in table order */
const before = (one, other) => {
  const [key, otherKey] = [one, other].map((changes) => [
    changes.length,
    ...changes.map((each) => each.place),
    ...changes.map((each) => each.code),
  ]);
  const n = key.findIndex((each, place) => each !== otherKey[place]);
  return n >= 0 && key[n] < otherKey[n];
};

/**
 * Return the fewest changes that bring the state outside every box of `outside` and into `inside`; of equally small
 * ones, the first in table order; null if there are none.  Places in `held` do not change.
 * @param {Model} model @param {Codes} start @param {Compiled[]} outside @param {Compiled | null} [inside]
 * @param {Set<number>} [held] @returns {Changes | null}
 */
const closest = (model, start, outside, inside = null, held = new Set()) => {
  const codes = [...start];
  const options = model.axes.map((axis, place) => (held.has(place) ? 0 : all(axis) & ~(1 << start[place])));
  const boxes = [...outside];
  inside?.places.forEach((place, n) => {
    options[place] &= inside.masks[n];
    boxes.push({ places: [place], masks: [all(model.axes[place]) & ~inside.masks[n]] });
  });
  /** @type {Changes | null} */
  let best = null;
  let cut = false;

  /** Try all ways to make at most `left` more changes. @param {number} left */
  const descend = (left) => {
    // To leave a box, one of its axes must change: of the boxes to leave, take the one with the fewest ways out.
    /** @type {Compiled | null} */
    let tightest = null;
    let fewest = Infinity;
    for (const box of boxes) {
      if (!matches(box, codes)) continue;
      let ways = 0;
      for (let n = 0; n < box.places.length; n++) ways += size(options[box.places[n]] & ~box.masks[n]);
      if (ways < fewest) [tightest, fewest] = [box, ways];
      if (!ways) return;
    }
    if (!tightest) {
      const found = codes.flatMap((code, place) => (code === start[place] ? [] : [{ place, code }]));
      if (!best || before(found, best)) best = found;
      return;
    }
    if (!left) {
      cut = true;
      return;
    }
    const { places, masks } = tightest;
    const allowed = places.map((place) => options[place]);
    places.forEach((place, n) => {
      for (let code = 0, rest = allowed[n] & ~masks[n]; rest >> code; code++) {
        if (!((rest >> code) & 1)) continue;
        const [was, could] = [codes[place], options[place]];
        [codes[place], options[place]] = [code, 0];
        descend(left - 1);
        // The ways that follow need not make this change, too: what has it was tried just now.
        [codes[place], options[place]] = [was, could & ~(1 << code)];
      }
    });
    places.forEach((place, n) => {
      options[place] = allowed[n];
    });
  };

  for (let most = 0; ; most++) {
    cut = false;
    descend(most);
    if (best || !cut) return best;
  }
};

/** @param {Codes} codes @param {Changes | null} changes @returns {Codes} */
const changed = (codes, changes) => {
  const found = [...codes];
  for (const { place, code } of changes ?? []) found[place] = code;
  return found;
};

/** @param {Model} model @param {Iterable<string>} names @returns {Set<number>} */
const placesOf = (model, names) => new Set([...names].map((name) => placeOf(model, name)));

/**
 * Return the closest possible state about which all the ladders say something; what is in `kept` stays, if possible.
 * @param {Rows} rows @param {State} state complete @param {Iterable<string>} kept @param {Ladder[]} ladders
 * @returns {State}
 */
export function nearestPossible(rows, state, kept, ladders) {
  const model = modelOf(rows);
  const start = encode(model, state);
  const outside = [...model.rules, ...ladders.flatMap((each) => each.outside)];
  const changes = closest(model, start, outside, null, placesOf(model, kept)) ?? closest(model, start, outside);
  return decode(model, changed(start, changes));
}

/**
 * Return these values with every axis that means nothing in such a state at the value at which it is counted.
 * @param {Rows} rows @param {State} given by column name @returns {State}
 */
export function canonical(rows, given) {
  const model = modelOf(rows);
  const found = { ...given };
  for (const { when, canonical: name } of rows.rules) {
    if (name === null) continue;
    const others = Object.keys(when).filter((each) => each !== name);
    if (!others.every((each) => when[each].includes(found[each]))) continue;
    const { values } = model.axes[placeOf(model, name)];
    [found[name]] = values.filter((value) => !when[name].includes(value));
  }
  return found;
}

/**
 * Return the name of a state's mode, or null if its bits belong to none.
 * @param {Rows} rows @param {State} state by column name @returns {string | null}
 */
export function modeOf(rows, state) {
  const found = Object.entries(rows.modes).find(([, bits]) =>
    rows.mode_axes.every((axis) => state[axis] === bits[axis]),
  );
  return found ? found[0] : null;
}

// --- one state -------------------------------------------------------------------------------------------------------

/**
 * Write what differs in `end`: "CPL 3 -> 0".
 * @param {State} start @param {State} end @returns {string}
 */
export function changesText(start, end) {
  const different = Object.keys(end).filter((name) => start[name] !== end[name]);
  return different.map((name) => `${name} ${start[name]} -> ${end[name]}`).join(", ");
}

/**
 * Write a condition as people read it: "CPL=1|2|3 and RFLAGS.VM=1".
 * @param {Box} box @returns {string}
 */
export function conditionText(box) {
  return Object.entries(box)
    .map(([name, values]) => `${name}=${values.join("|")}`)
    .join(" and ");
}

/**
 * Write what happens to RFLAGS: "left alone", "cleared", or the flag that is set while the others are cleared.
 * @param {Record<string, number>} flags @returns {string}
 */
export function flagsText(flags) {
  const set = Object.keys(flags).filter((name) => flags[name]);
  if (set.length) return `${set.join(" ")} set`;
  return Object.keys(flags).length ? "cleared" : "left alone";
}

/**
 * Write the values because of which a rung fires: "CR0.NE = 0".
 * @param {Rung} rung @param {State} state @returns {string}
 */
export function causeText(rung, state) {
  return Object.keys(rung.when)
    .map((name) => `${name} = ${state[name]}`)
    .join(" and ");
}

/** @param {Rows} rows @param {State} start @param {State} changes @returns {Repair} */
const repairOf = (rows, start, changes) => {
  const lock = "FEATURE_CONTROL.lock";
  const inRegister = rows.axes.filter((axis) => axis.register === "FEATURE_CONTROL").map((axis) => axis.column);
  const needsReset = start[lock] === 1 && inRegister.some((name) => name in changes);
  const note = needsReset ? " (FEATURE_CONTROL is locked: this needs a power-up reset)" : "";
  return { changes, needsReset, text: (changesText(start, changes) || "nothing to change") + note };
};

/**
 * Return how the instruction ends by a source in one state, and why.
 *
 * An axis that `state` does not name is ready if the ladder reads it; if not, it takes any value that makes the state
 * possible.  `kept` names the axes that `nearest` leaves as they are, if possible: those that are named, if left out.
 * `nearest`, `repair` and some texts are computed when they are asked for.
 *
 * In the answer: `rung` decided (null: success), and those in `masked` would fail as well.  `steps` has the mark of
 * each rung.  `after` is the state afterwards.  `impossible` says why no processor can be in the state, or is null;
 * `objection` says it in a sentence, or is "".  `repair` holds the fewest changes after which it succeeds (null: there
 * is no way), and `repairTo` finds them for any outcome.
 * @param {Rows} rows @param {string} instruction @param {string | Ladder} source @param {State} [state]
 * @param {Iterable<string>} [kept]
 */
export function verdict(rows, instruction, source, state = {}, kept = Object.keys(state)) {
  const model = modelOf(rows);
  const decider = ladder(rows, instruction, source);
  const { rungs, boxes, outside, effect, ready } = decider;
  const given = namedValues(rows, state);
  checkDomain(rows, decider, given);
  const start = encode(model, { ...ready, ...given });
  const fixed = placesOf(model, [...Object.keys(given), ...decider.reads]);
  const codes = changed(start, closest(model, start, model.rules, null, fixed));
  const full = decode(model, codes);
  const [rung = null, ...masked] = rungs.filter((_, n) => matches(boxes[n], codes));
  const rule = rows.rules.find((_, n) => matches(model.rules[n], codes)) ?? null;
  const outcome = rung ? rung.outcome : "success";
  const ending = rung ? rung.ending : outcome;
  const cause = rung ? causeText(rung, full) : "";
  const shortReason = rung ? `${cause}; check ${rung.number} asks for ${rung.name}` : "";
  const lead = rule?.canonical == null ? "no processor can be in this state" : "this state is counted as another one";

  return {
    instruction,
    source: decider.source,
    outcome,
    rung,
    masked,
    error: rung ? rung.error : null,
    ending,
    flags: rung ? rung.flags : effect.flags,
    state: full,
    mode: modeOf(rows, full),
    after: rung ? full : { ...full, ...effect.after },
    possible: !rule,
    impossible: rule ? rule.reason : null,
    objection: rule ? `${lead}: ${rule.reason}` : "",
    cause,
    shortReason,
    headline: `${instruction}, ${decider.source}: ${ending}${rung ? `, because ${shortReason}` : ""}`,
    /** @returns {State} */
    get nearest() {
      return nearestPossible(rows, full, kept, [decider]);
    },
    get wayToNearest() {
      return changesText(full, this.nearest);
    },
    get reason() {
      const doubt = rule ? `. But ${this.objection} (closest possible state: ${this.wayToNearest})` : "";
      return (rung ? `${shortReason} (${rung.reason})` : "no check stands in the way") + doubt;
    },
    get steps() {
      const [passed, stopped, alsoFails, notReached] = rows.marks;
      return rungs.map((each) => {
        if (!rung || each.number < rung.number) return { rung: each, mark: passed };
        if (each === rung) return { rung: each, mark: stopped };
        return { rung: each, mark: masked.includes(each) ? alsoFails : notReached };
      });
    },
    get address() {
      const names = Object.keys(full).filter((name) => full[name] !== ready[name]);
      const values = Object.fromEntries(names.map((name) => [name, full[name]]));
      return writeAddress(rows, instruction, decider.source, values);
    },
    /** @returns {State | null} */
    get repair() {
      return this.repairTo()?.changes ?? null;
    },
    /**
     * Return the fewest changes, to a possible state, after which it ends in `target`; null: there is no such state.
     * @param {string} target @returns {Repair | null}
     */
    repairTo(target = "success") {
      find(rows.outcomes, "outcome", target);
      const always = [...model.rules, ...outside];
      let best = target === "success" ? closest(model, codes, [...always, ...boxes]) : null;
      rungs.forEach((each, n) => {
        if (each.outcome !== target) return;
        const changes = closest(model, codes, [...always, ...boxes.slice(0, n)], boxes[n]);
        if (changes && (!best || before(changes, best))) best = changes;
      });
      return best && repairOf(rows, full, named(model, best));
    },
  };
}

/** @typedef {ReturnType<typeof verdict>} Verdict */

// --- little is known -------------------------------------------------------------------------------------------------

/**
 * Return whether an ending agrees with what was seen.
 * @param {Observation} seen @param {{outcome: string, error: number | null, flags: Record<string, number>}} ending
 */
const allows = (seen, { outcome, error, flags }) =>
  (seen.outcomes ?? [outcome]).includes(outcome) &&
  (seen.error ?? error) === error &&
  Object.entries(flags).every(([name, value]) => (seen.flags?.[name] ?? value) === value);

/**
 * Return how the instruction can end if only the axes in `known` are known, and which checks can have decided.
 *
 * `observed` is what was seen of it: the name of an outcome, or an Observation, or a list of these.  In the answer,
 * `outcomes` are those that are still possible; `suspects` are the checks that can have decided, each with the state
 * closest to ready in which it does, those of its axes that are not known (`open`), and its repair; `missing` are the
 * axes whose value would help to tell the endings apart; `repair` is that of the only suspect, or null.
 * @param {Rows} rows @param {string} instruction @param {string | Ladder} source @param {State} [known]
 * @param {string | Observation | (string | Observation)[]} [observed]
 */
export function explain(rows, instruction, source, known = {}, observed = []) {
  const model = modelOf(rows);
  const decider = ladder(rows, instruction, source);
  const { boxes, outside } = decider;
  const own = find(rows.instructions, "instruction", decider.instruction).axes;
  const every = namedValues(rows, known);
  checkDomain(rows, decider, every);
  const given = Object.fromEntries(Object.entries(every).filter(([name]) => own.includes(name)));
  const success = { outcome: "success", error: null, flags: decider.effect.flags };
  const seen = [observed].flat().map((each) => {
    if (typeof each === "string") find(rows.outcomes, "outcome", each);
    return typeof each === "string" ? { outcomes: [each] } : each;
  });

  /** The states that lead into these boxes if `after` is set on the way. @param {Box[]} never @param {State} after */
  const leadingInto = (never, after) =>
    never
      .filter((box) => Object.keys(after).every((name) => (box[name] ?? [after[name]]).includes(after[name])))
      .map((box) => compiled(model, Object.fromEntries(Object.entries(box).filter(([name]) => !(name in after)))));

  /**
   * The state closest to ready that agrees with everything, and that this rung decides.
   * @param {Rung | null} rung @param {State} values @returns {Codes | null}
   */
  const agreeing = (rung, values) => {
    const never = [...model.rules, ...outside, ...boxes.slice(0, rung ? rung.number - 1 : boxes.length)];
    for (const each of seen) {
      if (!allows(each, rung ?? success)) return null;
      never.push(...leadingInto(each.neverAfter ?? [], rung ? {} : decider.effect.after));
    }
    const start = encode(model, { ...decider.ready, ...values });
    const inside = rung ? boxes[rung.number - 1] : null;
    const changes = closest(model, start, never, inside, placesOf(model, Object.keys(values)));
    return changes && changed(start, changes);
  };

  const endings = [...decider.rungs, null].flatMap((rung) => {
    const codes = agreeing(rung, given);
    return codes ? [{ rung, codes }] : [];
  });
  const suspects = endings.flatMap(({ rung, codes }) => {
    if (!rung) return [];
    const state = decode(model, codes);
    const open = Object.keys(rung.when).filter((name) => !(name in given));
    return [
      {
        rung,
        state,
        open,
        get repair() {
          return verdict(rows, decider.instruction, decider, state).repair;
        },
      },
    ];
  });
  const open = new Set(suspects.flatMap((each) => each.open));

  /** Whether the axis has more than one value in what is left. @param {string} name */
  const varies = (name) => {
    const place = placeOf(model, name);
    const first = endings[0].codes[place];
    if (endings.some(({ codes }) => codes[place] !== first)) return true;
    const others = model.axes[place].values.filter((_, code) => code !== first);
    return others.some((value) => endings.some(({ rung }) => agreeing(rung, { ...given, [name]: value })));
  };

  const left = new Set(endings.map(({ rung }) => (rung ? rung.outcome : "success")));
  return {
    instruction: decider.instruction,
    source: decider.source,
    known: given,
    outcomes: rows.outcomes.map((each) => each.name).filter((name) => left.has(name)),
    suspects,
    /** @returns {string[]} */
    get missing() {
      const names = rows.axes.map((axis) => axis.column).filter((name) => open.has(name));
      return endings.length < 2 ? [] : names.filter(varies);
    },
    /** @returns {State | null} */
    get repair() {
      return suspects.length === 1 ? suspects[0].repair : null;
    },
  };
}

// --- every state -----------------------------------------------------------------------------------------------------

/**
 * Return the outcome of every state, as codes into `rows.outcomes`: the last of `axes` varies fastest, as in an array
 * with one dimension per axis.  `axes`: those of the ladder, if left out.  An axis that is not spanned has its value in
 * `held`, or is ready.
 * @param {Rows} rows @param {string} instruction @param {string | Ladder} source @param {string[]} [axes]
 * @param {State} [held] @returns {Uint8Array}
 */
export function outcomeCodes(rows, instruction, source, axes, held = {}) {
  const model = modelOf(rows);
  const decider = ladder(rows, instruction, source);
  const spanned = (axes ?? decider.axes).map((name) => placeOf(model, name));
  const values = { ...decider.ready, ...namedValues(rows, held) };
  const start = encode(model, values);
  const names = rows.outcomes.map((each) => each.name);
  const spans = spanned.map((place) => {
    const axis = model.axes[place];
    return domain(rows, decider, axis.column).map((value) => codeOf(axis, value));
  });
  // For each rung that can fire: its outcome, the values it wants of each spanned axis, and the last axis it reads.
  const rungs = decider.rungs.flatMap((rung, n) => {
    const { places, masks } = decider.boxes[n];
    const wanted = spanned.map((place) => (places.includes(place) ? masks[places.indexOf(place)] : -1));
    const others = places.every((place, m) => spanned.includes(place) || (masks[m] >> start[place]) & 1);
    const reads = Math.max(...places.map((place) => spanned.indexOf(place))) + 1;
    return others ? [{ outcome: names.indexOf(rung.outcome), wanted, reads }] : [];
  });
  const sizes = [...spans, []].map((_, depth) => spans.slice(depth).reduce((count, span) => count * span.length, 1));
  const cells = new Uint8Array(sizes[0]);
  /** @type {Map<string, number>} for a depth and the rungs that can fire: where such states were filled in before */
  const filled = new Map();

  /**
   * Fill in the states that begin `at` a cell: `depth` axes have a value, and the rungs in `left` can fire.
   * @param {number} depth @param {number} at @param {number[]} left
   */
  const fill = (depth, at, left) => {
    if (!left.length || rungs[left[0]].reads <= depth) {
      cells.fill(left.length ? rungs[left[0]].outcome : names.indexOf("success"), at, at + sizes[depth]);
      return;
    }
    const key = `${depth}:${left}`;
    const same = filled.get(key);
    if (same !== undefined) {
      cells.copyWithin(at, same, same + sizes[depth]);
      return;
    }
    filled.set(key, at);
    spans[depth].forEach((code, n) => {
      const further = left.filter((each) => (rungs[each].wanted[depth] >> code) & 1);
      const sure = further.findIndex((each) => rungs[each].reads <= depth + 1);
      fill(depth + 1, at + n * sizes[depth + 1], sure < 0 ? further : further.slice(0, sure + 1));
    });
  };
  fill(
    0,
    0,
    rungs.map((_, n) => n),
  );
  return cells;
}

// --- addresses and registers -----------------------------------------------------------------------------------------

/** @param {string} text @returns {string} percent-encoded as Python does it */
const encoded = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Return the text form of a question: `VMXON/intel?cr4_vmxe=0&cpl=3`.
 * @param {Rows} rows @param {string} instruction @param {string} source @param {State} values @returns {string}
 */
export function writeAddress(rows, instruction, source, values) {
  const model = modelOf(rows);
  const query = Object.entries(values).map(([name, value]) => {
    const { keyword } = model.axes[placeOf(model, name)];
    return `${keyword}=${encodeURIComponent(value)}`;
  });
  return `${encoded(instruction)}/${encoded(source)}${query.length ? `?${query.join("&")}` : ""}`;
}

/**
 * Return the parts of a text form, which may begin with "#", with the values by column name.
 * @param {Rows} rows @param {string} text
 * @returns {{instruction: string, source: string, values: State}}
 */
export function parseAddress(rows, text) {
  const malformed = new RangeError(`${quoted(text)} is not of the form VMXON/intel?cpl=3&cr4_vmxe=0`);
  const [, instruction, source, query] = /^#*([^/?]+)\/([^?]+)(?:\?(.*))?$/s.exec(text.trim()) ?? [];
  const pairs = query ? query.split("&") : [];
  if (!source || pairs.some((pair) => !pair.includes("="))) throw malformed;
  /** @type {State} */
  const values = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (Object.hasOwn(values, name)) throw new RangeError(`${quoted(text)}: ${name} is named twice`);
    values[name] = /^[0-9]+$/.test(value) ? Number(value) : value;
  }
  try {
    const [first, second] = [instruction, source].map(decodeURIComponent);
    return { instruction: first, source: second, values: namedValues(rows, values) };
  } catch (error) {
    throw error instanceof URIError ? malformed : error;
  }
}

/**
 * Return the axes that a register's value holds.
 * @param {Rows} rows @param {string} register CR0, CR4, EFER, RFLAGS or FEATURE_CONTROL
 * @param {string} value hexadecimal, with or without 0x
 * @returns {State} by column name
 */
export function readRegister(rows, register, value) {
  const digits = /^(?:0x)?([0-9a-f]{1,16})h?$/i.exec(value.trim().replace(/[_`]/g, ""));
  if (!digits) throw new RangeError(`${register}: ${quoted(value)} is not a hexadecimal number of at most 64 bits`);
  const number = BigInt(`0x${digits[1]}`);
  const bits = bitsOf(rows, register).map(([column, bit]) => [column, Number((number >> bit) & 1n)]);
  return Object.fromEntries(bits);
}

/**
 * Return a register's value in this state, in hexadecimal; the bits that no axis stands for are as in `others`.
 * @param {Rows} rows @param {string} register @param {State} state by column name @param {bigint} [others]
 * @returns {string} such as "0x80000021"
 */
export function writeRegister(rows, register, state, others = 0n) {
  const value = bitsOf(rows, register).reduce(
    (word, [column, bit]) => (state[column] === 1 ? word | (1n << bit) : word & ~(1n << bit)),
    others,
  );
  return `0x${value.toString(16)}`;
}

/** @param {Rows} rows @param {string} register @returns {[column: string, bit: bigint][]} */
const bitsOf = (rows, register) => {
  const held = rows.axes.filter((axis) => axis.register === register);
  if (!held.length) throw unknown("register", register, new Set(rows.axes.flatMap((axis) => axis.register ?? [])));
  return held.map((axis) => [axis.column, BigInt(axis.bit ?? 0)]);
};
