/** Does the steps that it is given and answers how each went: see `../stage.ts`. */
import { defineProcess, type Self, TroupeError } from 'troupe/sdk';

type Step = readonly any[];
type Request = {
  id: string;
  host?: string;
  args?: unknown[];
  name?: string;
  monitor?: boolean;
  link?: boolean;
  context?: { [key: string]: unknown };
  messages?: [string, unknown][];
};
type Outcome = { ok?: unknown; error?: { kind: string; message: string } };

export default defineProcess(function* (self: Self, steps: Step[]) {
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    if (step[0] === 'fail') throw new TroupeError(step[1]);
    outcomes.push(yield* attempt(self, resolved(step, outcomes)));
  }
  return outcomes;
});

/** "$0" stands for what the first step gave. */
function resolved(step: Step, outcomes: readonly Outcome[]): Step {
  return step.map(part =>
    typeof part === 'string' && /^\$\d+$/.test(part) ? outcomes[Number(part.slice(1))].ok : part,
  );
}

function* attempt(self: Self, step: Step): Generator<any, Outcome, any> {
  try {
    return { ok: (yield* perform(self, step)) ?? null };
  } catch (thrown: any) {
    return { error: { kind: thrown.kind ?? 'UNKNOWN', message: thrown.message } };
  }
}

function spawner(self: Self, { name, context = {}, messages = [] }: Request) {
  let spawner = self.withContext(context);
  if (name !== undefined) spawner = spawner.withName(name);
  for (const [topic, payload] of messages) spawner = spawner.withMessage(topic, payload);
  return spawner;
}

function spawn(self: Self, request: Request): string {
  const { id, host, args = [], monitor, link } = request;
  const from = spawner(self, request);
  if (monitor && link) return from.spawnLinkedMonitored(id, host, ...args);
  if (monitor) return from.spawnMonitored(id, host, ...args);
  if (link) return from.spawnLinked(id, host, ...args);
  return from.spawn(id, host, ...args);
}

function certain(answer: true | TroupeError): true {
  if (answer !== true) throw answer;
  return answer;
}

function* perform(self: Self, [op, ...args]: Step): Generator<any, unknown, any> {
  switch (op) {
    case 'pid':
      return self.pid;
    case 'context':
      return self.context;
    case 'send':
      return certain(self.send(args[0], args[1], args[2]));
    case 'spawn':
      return spawn(self, args[0]);
    case 'exec': {
      const { id, host, args: given = [] } = args[0];
      return yield* spawner(self, args[0]).exec(id, host, ...given);
    }
    case 'call':
      return yield* self.call(args[0], ...args.slice(1));
    case 'monitor':
      return self.monitor(args[0]);
    case 'link':
      return self.link(args[0]);
    case 'cancel':
      return certain(self.cancel(args[0], args[1]));
    case 'terminate':
      return certain(self.terminate(args[0]));
    case 'register':
      return self.registry.register(args[0], args[1]);
    case 'lookup': {
      const holder = self.registry.lookup(args[0]);
      if (holder === undefined) throw new TroupeError('no such name', { kind: 'NOT_FOUND' });
      return holder;
    }
    case 'unregister':
      return self.registry.unregister(args[0]);
    case 'listen':
      self.listen(args[0]);
      return true;
    case 'timer':
      self.after(args[0]);
      return true;
    case 'trap':
      self.setOptions({ trapLinks: true });
      return true;
    case 'receive': {
      const mail = yield* self.receive({ timeout: args[0] });
      return mail === undefined ? null : { topic: mail.topic, from: mail.from, payload: mail.payload };
    }
    case 'event': {
      const { key, value } = yield* self.select({ event: self.events() }, { timeout: args[0] });
      return key === 'timeout' ? null : { kind: value!.kind, from: value!.from };
    }
    case 'sleep':
      yield* self.time.sleep(args[0]);
      return true;
    case 'operate': {
      const [capability, operation, ...given] = args;
      const name = operation.replace(/_([a-z])/g, (_: string, letter: string) => letter.toUpperCase());
      const result = self.capability<any>(capability)[name](...given);
      return typeof result?.next === 'function' ? yield* result : result;
    }
    case 'upgrade':
      return yield* self.upgrade(args[0], ...args.slice(1));
    case 'repeat': {
      const [count, step] = args;
      for (let i = 0; i < count; i++) {
        const numbered = step.map((part: any) => (typeof part === 'string' ? part.replace('#', String(i)) : part));
        const { error } = yield* attempt(self, numbered);
        if (error !== undefined) return { done: i, error };
      }
      return { done: count };
    }
    default:
      throw new TroupeError(`unknown step ${op}`, { kind: 'INVALID' });
  }
}
