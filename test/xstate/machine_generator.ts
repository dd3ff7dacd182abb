/**
 * Random machines, made from a list of decisions so that fast-check can shrink them. Whatever they do they tell somebody,
 * with their context. They always come to rest:
 * what follows by itself takes from a budget in the context, and of what is delayed there is one of each id.
 */

/** What a script sends them. */
export const EVENTS = ['a', 'b', 'c', 'd'] as const;

interface State {
  readonly id: string;
  readonly key: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly children: readonly State[];
}

const HEAD = `import { assign, cancel, enqueueActions, raise, sendTo, setup } from 'xstate';
import { selfOf, sendMessage } from 'troupe/sdk/xstate';
const left = ({ context }) => context.budget > 0;
const spend = assign({ budget: ({ context }) => context.budget - 1 });
`;

const told = (what: string): string =>
  `sendMessage('{app:host|0x00002}', '${what}', ({ event, context, self }) => [event, context, self.id])`;

export function machineText(decisions: readonly number[]): string {
  let at = 0;
  const pick = (count: number): number => (decisions[at++ % decisions.length] + at * 7) % count;
  const oneOf = <T>(list: readonly T[]): T => list[pick(list.length)];
  let states = 0;

  function grow(depth: number, inParallel: boolean): State {
    const id = `n${states++}`;
    const key = `k${states}`;
    const type = depth >= 3 ? 'atomic' : oneOf(['atomic', 'compound', 'compound', 'parallel'] as const);
    if (type === 'atomic')
      return { id, key, type: !inParallel && depth > 1 && pick(5) === 0 ? 'final' : type, children: [] };
    const children = [grow(depth + 1, type === 'parallel')];
    for (let more = 1 + pick(2); more > 0; more--) children.push(grow(depth + 1, type === 'parallel'));
    if (pick(2) === 0) children.push({ id: `h${states}`, key: `h${states}`, type: 'history', children: [] });
    return { id, key, type, children };
  }

  const roots = [grow(1, false), grow(1, false), { id: 'end', key: 'end', type: 'final', children: [] } as State];
  const all: State[] = [];
  const list = (state: State): void => {
    all.push(state);
    for (const child of state.children) list(child);
  };
  for (const root of roots) list(root);
  const targets = all.filter(({ id }) => id !== 'end');

  const action = (): string =>
    oneOf([
      () => told(oneOf(['x', 'y'])),
      () => `assign({ count: ({ context }) => context.count + ${pick(5)} })`,
      // The same object twice, undefined, a small bigint: what a message would not keep.
      () => `assign({ last: ({ event }) => event, seen: ({ context, event }) => [...context.seen.slice(-3), event] })`,
      () => `assign({ big: ({ context }) => context.big * 3n % 1000003n, none: () => undefined })`,
      () => `({ context }) => { context.bag.n = (context.bag.n ?? 0) + 1; }`,
      () => `raise({ type: '${oneOf(EVENTS)}', by: 'raise' }, { delay: ${1 + pick(50)}, id: 'r${pick(2)}' })`,
      () =>
        `sendTo(({ self }) => self, ({ context }) => ({ type: '${oneOf(EVENTS)}', n: context.count }), { delay: ${1 + pick(50)}, id: 's${pick(2)}' })`,
      () => `cancel('r${pick(2)}')`,
      () =>
        `enqueueActions(({ enqueue, check }) => { if (check(left)) { enqueue(spend); enqueue.raise({ type: '${oneOf(EVENTS)}' }); } })`,
    ])();
  const listed = (first: readonly string[]): string =>
    `[${[...first, ...Array.from({ length: pick(4) }, action)].join(', ')}]`;
  const actions = (): string => listed([]);
  const guard = (): string => (pick(2) === 0 ? '' : `guard: ({ context }) => context.count % 2 === ${pick(2)}, `);
  const to = (): string => (pick(5) === 0 ? '' : `target: '#${pick(12) === 0 ? 'end' : oneOf(targets).id}', `);
  const transition = (): string =>
    `{ ${guard()}${to()}${pick(4) === 0 ? 'reenter: true, ' : ''}actions: ${actions()} }`;

  /** A transition without an event from outside. */
  const byItself = (): string => `{ guard: left, ${to()}actions: ${listed(['spend'])} }`;

  function written({ id, key, type, children }: State): string {
    const head = `${key}: { id: '${id}', `;
    if (type === 'history') return `${head}type: 'history', history: '${oneOf(['deep', 'shallow'])}' }`;
    const parts = [`entry: ${listed([told(`in ${id}`)])}, exit: ${told(`out ${id}`)}`];
    if (type === 'final') return `${head}type: 'final', ${parts[0]} }`;
    if (pick(2) === 0) parts.push(`tags: ['t${pick(3)}']`);
    parts.push(
      `on: { ${oneOf(EVENTS)}: [${transition()}, ${transition()}], '${oneOf(['*', 'd.*', 'xstate.*'])}': ${byItself()} }`,
    );
    if (pick(3) === 0) parts.push(`after: { ${1 + pick(40)}: ${transition()} }`);
    if (pick(4) === 0) parts.push(`always: ${byItself()}`);
    if (type === 'parallel') parts.push(`type: 'parallel'`);
    if (type === 'compound') parts.push(`initial: '${children[0].key}', onDone: ${byItself()}`);
    if (children.length > 0) parts.push(`states: { ${children.map(written).join(',\n')} }`);
    return `${head}${parts.join(', ')} }`;
  }

  return `${HEAD}export default setup({}).createMachine({
    id: 'machine', context: { count: 0, budget: 25, last: null, seen: [], big: 7n, none: 1, bag: {} },
    initial: '${roots[0].key}',
    on: { look: { actions: args => { const s = args.self.getSnapshot(); selfOf(args).send('{app:host|0x00002}', 'look', [s.value, [...s.tags], s.context, s.can({ type: 'a' }), Object.keys(s.historyValue)]); } } },
    states: { ${roots.map(written).join(',\n')} },
    output: ({ context }) => context.count,
  });`;
}
