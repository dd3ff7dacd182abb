/** A protocol as a set of states and atomic steps, and the exploration of all of them, depth first. */
export interface Model<State> {
  readonly start: State;
  /** Everything that can happen next, each with a name; a step changes the copy that it is given. */
  steps(state: State): readonly (readonly [name: string, change: (copy: State) => void])[];
  /** What is wrong with any state, in a few words. */
  wrong(state: State): string | undefined;
  /** Whether all is over, and nothing may be left. */
  isOver(state: State): boolean;
  /** What is wrong with a state in which all is over. */
  wrongAtTheEnd(state: State): string | undefined;
}

export interface Explored {
  readonly states: number;
  /** What was found, and the steps that lead there. */
  readonly wrong?: { readonly what: string; readonly trace: readonly string[] };
}

/** More states than a test has time for: the model has become too large, or does not end. */
const MOST_STATES = 2_000_000;

/** Visit every state once. States are told apart by their JSON. */
export function explore<State>(model: Model<State>): Explored {
  const start = JSON.stringify(model.start);
  const numbers = new Map<string, number>([[start, 0]]);
  const keys = [start];
  /** How each state was reached first: from where, and by what. */
  const from: number[] = [-1];
  const by: string[] = [''];
  /** The states from which each can be reached, and those in which all is over. */
  const before: number[][] = [[]];
  const over: number[] = [];
  const open = [0];
  const traceTo = (number: number): string[] => {
    const trace: string[] = [];
    for (let at = number; at > 0; at = from[at]) trace.push(by[at]);
    return trace.reverse();
  };
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    const key = keys[number];
    const state = JSON.parse(key) as State;
    const isOver = model.isOver(state);
    const what = model.wrong(state) ?? (isOver ? model.wrongAtTheEnd(state) : undefined);
    if (what !== undefined) return { states: keys.length, wrong: { what, trace: traceTo(number) } };
    if (isOver) over.push(number);
    for (const [name, change] of model.steps(state)) {
      const copy = JSON.parse(key) as State;
      change(copy);
      const next = JSON.stringify(copy);
      let found = numbers.get(next);
      if (found === undefined) {
        found = keys.length;
        if (found >= MOST_STATES) throw new Error(`more than ${MOST_STATES} states`);
        numbers.set(next, found);
        keys.push(next);
        from.push(number);
        by.push(name);
        before.push([]);
        open.push(found);
      }
      before[found].push(number);
    }
  }
  // From everywhere there must be a way to the end: nobody waits for ever, and nobody goes round and round for ever.
  const ends = new Uint8Array(keys.length);
  for (const number of over) ends[number] = 1;
  for (const open = [...over]; open.length > 0; ) {
    for (const number of before[open.pop()!]) {
      if (ends[number] === 1) continue;
      ends[number] = 1;
      open.push(number);
    }
  }
  const stuck = ends.indexOf(0);
  if (stuck < 0) return { states: keys.length };
  return {
    states: keys.length,
    wrong: { what: `there is no way to the end from ${keys[stuck]}`, trace: traceTo(stuck) },
  };
}
