/**
 * What processes do while they are moved at random, stolen and put to sleep (`one_thread.ts`), and what must have come of
 * it. Each scenario answers what is wrong, a line each; nothing where all is well.
 */
import { TroupeError } from '../../runtime/errors.ts';
import { type Payload, ProcessEventKind, StepStatus } from '../../runtime/machine.ts';
import { type MovableProgram, OneThread } from './one_thread.ts';

const SENDERS = 5;
const RECEIVERS = 3;
const MESSAGES = 40;

interface Sender {
  readonly id: number;
  readonly to: string[];
  readonly next: number[];
  left: number;
}

/** Senders send numbered messages to receivers; one of them from outside of any step. */
export function order(seed: number, schedulers: number): string[] {
  const got: [number, number][][] = [];
  const sent: number[][] = [];
  let mesh: OneThread;
  const sender: MovableProgram<Sender> = {
    begin: (id: any, to: any) => ({ id, to, next: to.map(() => 0), left: MESSAGES }),
    step(state, _events, out) {
      for (let burst = mesh.chance.below(4); burst > 0 && state.left > 0; burst--) {
        const r = mesh.chance.below(state.to.length);
        if (out.send(state.to[r], 'n', [state.id, state.next[r]], 1) !== undefined) break;
        sent[state.id][r] = ++state.next[r];
        state.left--;
      }
      return state.left > 0 ? StepStatus.Ready : StepStatus.Idle;
    },
  };
  const receiver: MovableProgram<{ id: number }> = {
    begin: (id: any) => ({ id }),
    step({ id }, events) {
      for (let message = events.message(); message !== undefined; message = events.message()) {
        got[id].push(message.payload as [number, number]);
      }
      return StepStatus.Idle;
    },
  };
  const silent: MovableProgram<null> = { begin: () => null, step: () => StepStatus.Idle };
  mesh = new OneThread({ schedulers, seed, programs: { sender, receiver, silent }, restless: true, ringBytes: 2048 });
  const worker = () => 1 + mesh.chance.below(schedulers - 1);
  const pids: string[] = [];
  for (let id = 0; id < RECEIVERS; id++) {
    got.push([]);
    pids.push(mesh.place(worker(), 'receiver', [id]).pid);
  }
  for (let id = 0; id < SENDERS; id++) {
    sent.push(new Array(RECEIVERS).fill(0));
    if (id > 0) mesh.place(id === 1 ? 0 : worker(), 'sender', [id, pids as Payload]);
  }
  // The main thread's process sends when it likes, as a program does that embeds the runtime.
  const root = mesh.place(0, 'silent', []);
  const say = (left: number): void => {
    const r = mesh.chance.below(RECEIVERS);
    if (root.send(pids[r], 'n', [0, sent[0][r]], 1) === undefined) sent[0][r]++;
    if (left > 0) mesh.outside(0, () => say(left - 1));
  };
  mesh.outside(0, () => say(MESSAGES));
  mesh.settle(600);
  const wrong = mesh.leftovers;
  got.forEach((messages, r) => {
    for (let id = 0; id < SENDERS; id++) {
      const numbers = messages.filter(([from]) => from === id).map(([, n]) => n);
      const wanted = Array.from({ length: sent[id][r] }, (_, n) => n);
      if (numbers.join() !== wanted.join()) wrong.push(`${id} -> ${r}: ${numbers} instead of 0..${sent[id][r] - 1}`);
    }
  });
  if (mesh.live !== SENDERS + RECEIVERS) wrong.push(`${mesh.live} processes live`);
  return wrong;
}

const TASKS = 60;

/** Tasks that spawn tasks, all begun on one worker: the others take some; each is done once. */
export function work(seed: number, schedulers: number): string[] {
  const done = new Map<number, number>();
  const places = new Set<number>();
  let mesh: OneThread;
  let made = 0;
  const task: MovableProgram<{ id: number; steps: number; children: number }> = {
    begin: (id: any, children: any) => ({ id, children, steps: 1 + mesh.chance.below(4) }),
    step(state, _events, out) {
      for (; state.children > 0; state.children--) {
        out.spawn({ id: 't:task', args: [made++, mesh.chance.below(2)] });
      }
      if (--state.steps > 0) return StepStatus.Ready;
      done.set(state.id, (done.get(state.id) ?? 0) + 1);
      mesh.schedulers.forEach((s, i) => {
        if (s.current === (out as unknown)) places.add(i);
      });
      out.complete(null);
      return StepStatus.Complete;
    },
  };
  mesh = new OneThread({ schedulers, seed, programs: { task }, ringBytes: 2048 });
  // Several rounds with a rest in between, so that schedulers fall asleep and wake again.
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < TASKS / 3; i++) mesh.place(1, 'task', [made++, mesh.chance.below(3)]);
    mesh.isWild = true;
    mesh.settle(2000);
  }
  const wrong = mesh.leftovers;
  for (let id = 0; id < made; id++)
    if (done.get(id) !== 1) wrong.push(`task ${id} was done ${done.get(id) ?? 0} times`);
  if (mesh.live !== 0) wrong.push(`${mesh.live} processes live`);
  // Who has rested with nothing to do stands on the board: it will get work when there is some.
  const board = new Int32Array(mesh.memory.hunger);
  for (let i = 1; i < schedulers; i++) if (board[i] !== 1) wrong.push(`scheduler ${i} rests and asks for nothing`);
  if (places.size < 2) wrong.push('nothing was taken by another scheduler');
  return wrong;
}

const MORTALS = 8;
const WATCHERS = 4;

interface Watcher {
  readonly id: number;
  /** PIDs that are still to be watched, or are linked to. */
  readonly to: string[];
}

/** Watchers monitor and link to processes that end when they like: each end is told to each once, of each kind. */
export function ends(seed: number, schedulers: number): string[] {
  const seen = new Map<string, number>();
  const wanted = new Map<string, number>();
  const count = (into: Map<string, number>, key: string) => into.set(key, (into.get(key) ?? 0) + 1);
  let mesh: OneThread;
  const mortal: MovableProgram<{ left: number }> = {
    begin: () => ({ left: 3 + mesh.chance.below(40) }),
    step(state, _events, out) {
      if (state.left-- > 0) return StepStatus.Ready;
      out.fail(new TroupeError('it ends'));
      return StepStatus.Complete;
    },
  };
  const watcher: MovableProgram<Watcher> = {
    begin: (id: any, to: any) => ({ id, to }),
    step({ id, to }, events, out) {
      out.setOptions({ trap_links: true });
      for (let event = events.event(); event !== undefined; event = events.event()) {
        count(seen, `${id} ${event.kind} ${event.from}`);
      }
      const next = to.pop();
      if (next === undefined) return StepStatus.Idle;
      if (out.monitor(next) === undefined) count(wanted, `${id} ${ProcessEventKind.EXIT} ${next}`);
      if (out.link(next) === undefined) count(wanted, `${id} ${ProcessEventKind.LINK_DOWN} ${next}`);
      return StepStatus.Ready;
    },
  };
  mesh = new OneThread({ schedulers, seed, programs: { mortal, watcher }, restless: true, ringBytes: 2048 });
  const worker = () => 1 + mesh.chance.below(schedulers - 1);
  const pids = Array.from({ length: MORTALS }, () => mesh.place(worker(), 'mortal', []).pid);
  for (let id = 0; id < WATCHERS; id++) mesh.place(worker(), 'watcher', [id, pids as Payload]);
  mesh.settle(600);
  const wrong = mesh.leftovers;
  for (const key of new Set([...seen.keys(), ...wanted.keys()])) {
    if (seen.get(key) !== wanted.get(key))
      wrong.push(`${key}: ${seen.get(key) ?? 0} times, not ${wanted.get(key) ?? 0}`);
  }
  if (mesh.live !== WATCHERS) wrong.push(`${mesh.live} processes live`);
  return wrong;
}

const CHILDREN = 12;

/** Processes are spawned under names, mostly elsewhere; whoever finds such a name can watch and send at once. */
export function names(seed: number, schedulers: number): string[] {
  const wrong: string[] = [];
  const callers = schedulers - 1;
  let mesh: OneThread;
  let exits = 0;
  const parent: MovableProgram<{ left: number }> = {
    begin: () => ({ left: CHILDREN }),
    step(state, _events, out) {
      if (state.left === 0) return StepStatus.Idle;
      const pid = out.spawn({ id: 't:child', name: `n${state.left--}` });
      if (typeof pid !== 'string') wrong.push(`spawn: ${pid.message}`);
      return StepStatus.Ready;
    },
  };
  const child: MovableProgram<{ left: number }> = {
    begin: () => ({ left: callers }),
    step(state, events, out) {
      while (events.message() !== undefined) state.left--;
      if (state.left > 0) return StepStatus.Idle;
      out.complete(null);
      return StepStatus.Complete;
    },
  };
  const caller: MovableProgram<{ left: number }> = {
    begin: () => ({ left: CHILDREN }),
    step(state, events, out) {
      while (events.event() !== undefined) exits++;
      if (state.left === 0) return StepStatus.Idle;
      const pid = out.lookup(`n${state.left}`);
      if (typeof pid === 'string') {
        state.left--;
        const error = out.monitor(pid) ?? out.send(pid, 'hi', null, 1);
        if (error !== undefined) wrong.push(error.message);
      }
      return StepStatus.Ready;
    },
  };
  mesh = new OneThread({
    schedulers,
    seed,
    programs: { parent, child, caller },
    placement: 'round-robin',
    ringBytes: 2048,
  });
  mesh.place(1, 'parent', []);
  for (let i = 1; i < schedulers; i++) mesh.place(i, 'caller', []);
  mesh.settle(4000);
  if (exits !== callers * CHILDREN) wrong.push(`${exits} exits came, not ${callers * CHILDREN}`);
  return [...wrong, ...mesh.leftovers];
}
