/**
 * More than there is room for: what can be refused is refused, what was taken arrives, nothing waits for itself, and what
 * cannot be understood concerns nobody else.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EventQueue, type Payload, type StepOutput, StepStatus } from '../../runtime/machine.ts';
import { type MovableProgram, OneThread } from './one_thread.ts';

const test = suite('overload between schedulers');
const LIMIT = 100;

/** Programs without a state of their own. */
function simple(step: (events: EventQueue, out: StepOutput) => StepStatus): MovableProgram {
  return { begin: () => null, step: (_state, events, out) => step(events, out) };
}

const silent = simple(() => StepStatus.Idle);

function counter(): { readonly got: Payload[]; readonly program: MovableProgram } {
  const got: Payload[] = [];
  const program = simple(events => {
    for (let message = events.message(); message !== undefined; message = events.message()) got.push(message.payload);
    return StepStatus.Idle;
  });
  return { got, program };
}

/** Sends 0, 1, ... until it is refused or `most` are sent; answers how many were taken. */
function flood(sender: StepOutput, to: string, from: number, most: number): number {
  for (let n = from; n < most; n++) {
    const error = sender.send(to, 'n', n, 1);
    if (error === undefined) continue;
    assert.is(error.kind, 'RATE_LIMITED');
    return n;
  }
  return most;
}

test('a full mailbox wakes its process by what it waits for', () => {
  let heard = 0;
  const listener = simple(events => {
    events.listen('wanted');
    while (events.messageOn('wanted') !== undefined) heard++;
    return StepStatus.Idle;
  });
  const mesh = new OneThread({
    schedulers: 3,
    seed: 1,
    programs: { listener, silent },
    limits: { mailbox: LIMIT },
  });
  mesh.isWild = false;
  const far = mesh.place(1, 'silent', []);
  const near = mesh.place(2, 'silent', []);
  const { pid } = mesh.place(2, 'listener', []);
  mesh.settle(0);
  for (let i = 0; i < LIMIT; i++) assert.is(near.send(pid, 'other', i, 1), undefined);
  mesh.settle(0);
  assert.is(far.send(pid, 'wanted', 1, 1), undefined);
  mesh.settle(0);
  assert.is(heard, 1);
});

test('a process on its way to a scheduler that is busy takes no more than there is room for', () => {
  const { got, program } = counter();
  const mesh = new OneThread({ schedulers: 4, seed: 1, programs: { program, silent }, limits: { mailbox: LIMIT } });
  mesh.isWild = false;
  const sender = mesh.place(3, 'silent', []);
  const receiver = mesh.place(1, 'program', []);
  const { pid } = receiver;
  mesh.settle(0);
  mesh.give(1, [receiver], 2);
  // Scheduler 2 is in a long step: what comes for the process comes to 1, which forwards it.
  let sent = 0;
  for (let round = 0; round < 2000; round++) {
    sent = flood(sender, pid, sent, sent + 100);
    mesh.turn(3, 10);
    mesh.turn(1, 10);
  }
  assert.ok(sent < 100_000, `${sent} were taken`);
  mesh.settle(0);
  assert.is(got.length, sent);
  assert.equal(
    got,
    Array.from({ length: sent }, (_, n) => n),
  );
  assert.is(flood(sender, pid, sent, sent + LIMIT), sent + LIMIT, 'it is open again');
  mesh.settle(0);
  assert.is(got.length, sent + LIMIT);
  assert.equal(mesh.leftovers, []);
});

test('a process that has come from a scheduler that is busy holds no more than there is room for', () => {
  const { got, program } = counter();
  const mesh = new OneThread({ schedulers: 4, seed: 1, programs: { program, silent }, limits: { mailbox: LIMIT } });
  mesh.isWild = false;
  const sender = mesh.place(3, 'silent', []);
  const receiver = mesh.place(1, 'program', []);
  const { pid } = receiver;
  mesh.settle(0);
  // It does not rest, so that it must answer for itself.
  mesh.outside(3, () => undefined);
  sender.send(pid, 'n', -1, 1);
  mesh.give(1, [receiver], 2);
  // Scheduler 1 is in a long step from now on.
  let sent = 0;
  for (let round = 0; round < 2000; round++) {
    sent = flood(sender, pid, sent, sent + 100);
    mesh.turn(2, 10);
    mesh.turn(3, 10);
  }
  assert.ok(sent < 10_000, `${sent} were taken`);
  mesh.settle(0);
  assert.equal(
    got,
    Array.from({ length: sent + 1 }, (_, n) => n - 1),
  );
  assert.is(flood(sender, pid, sent, sent + LIMIT), sent + LIMIT, 'it is open again');
  mesh.settle(0);
  assert.is(got.length, sent + 1 + LIMIT);
  assert.equal(mesh.leftovers, []);
});

test('rings that are full in both directions do not wait for each other', () => {
  const MESSAGES = 3000;
  const got: Payload[][] = [[], []];
  const talker: MovableProgram<{ id: number; to: string | undefined }> = {
    begin: (id: any) => ({ id, to: undefined }),
    step(state, events, out) {
      for (let message = events.message(); message !== undefined; message = events.message()) {
        if (message.topic === 'n') got[state.id].push((message.payload as Payload[])[0]);
        else {
          for (let n = 0; n < MESSAGES; n++) {
            assert.is(out.send(message.payload as string, 'n', [n, 'x'.repeat(n % 300)], 1), undefined);
          }
        }
      }
      return StepStatus.Idle;
    },
  };
  const mesh = new OneThread({
    schedulers: 3,
    seed: 5,
    programs: { talker, silent },
    ringBytes: 512,
    limits: { mailbox: 10_000 },
  });
  const root = mesh.place(0, 'silent', []);
  const pids = [mesh.place(1, 'talker', [0]).pid, mesh.place(2, 'talker', [1]).pid];
  for (const i of [0, 1]) root.send(pids[i], 'talk to', pids[1 - i], 1);
  mesh.settle(10_000);
  const all = Array.from({ length: MESSAGES }, (_, n) => n);
  assert.equal(got, [all, all]);
  assert.equal(mesh.leftovers, []);
});

test('thousands of monitors and links at once, through a ring that holds a few: every end is told', () => {
  const COUNT = 2000;
  const events = new Map<string, number>();
  const mortal = simple((queue, out) => {
    if (queue.message() === undefined) return StepStatus.Idle;
    out.terminate(out.pid);
    return StepStatus.Idle;
  });
  const watcher: MovableProgram<string[]> = {
    begin: (to: any) => to,
    step(to, queue, out) {
      out.setOptions({ trap_links: true });
      for (let event = queue.event(); event !== undefined; event = queue.event()) {
        const key = `${event.kind} ${event.from}`;
        events.set(key, (events.get(key) ?? 0) + 1);
      }
      for (const pid of to.splice(0)) {
        assert.is(out.monitor(pid), undefined);
        assert.is(out.link(pid), undefined);
        assert.is(out.send(pid, 'end', null, 1), undefined);
      }
      return StepStatus.Idle;
    },
  };
  const mesh = new OneThread({ schedulers: 3, seed: 7, programs: { mortal, watcher }, ringBytes: 512 });
  const pids = Array.from({ length: COUNT }, () => mesh.place(2, 'mortal', []).pid);
  mesh.place(1, 'watcher', [pids as Payload]);
  mesh.settle(100_000);
  assert.is(events.size, 2 * COUNT);
  assert.ok([...events.values()].every(times => times === 1));
  assert.is(mesh.live, 1);
  assert.equal(mesh.leftovers, []);
});

test('a damaged frame concerns itself alone, whichever of its bytes it is', () => {
  /** No MessagePack begins with it. */
  const NEVER = 0xc1;
  const RING_HEADER = 512;
  let damaged = 0;
  for (let at = 0; at < 40; at++) {
    const { got, program } = counter();
    const mesh = new OneThread({ schedulers: 3, seed: 1, programs: { program, silent }, ringBytes: 1 << 14 });
    mesh.isWild = false;
    const sender = mesh.place(1, 'silent', []);
    const { pid } = mesh.place(2, 'program', []);
    mesh.settle(0);
    const ring = mesh.rings[1][2]!;
    const begins = RING_HEADER + new Int32Array(ring)[0];
    sender.send(pid, 'n', 'the damaged one', 1);
    sender.send(pid, 'n', 'the next one', 1);
    mesh.turn(1);
    const length = new Int32Array(ring)[begins >> 2];
    if (at >= length) break;
    new Uint8Array(ring)[begins + 4 + at] = NEVER;
    damaged++;
    mesh.settle(0);
    assert.is(got.at(-1), 'the next one', `byte ${at}`);
    sender.send(pid, 'n', 'the last one', 1);
    mesh.settle(0);
    assert.is(got.at(-1), 'the last one', `byte ${at}`);
    assert.equal(mesh.leftovers, []);
  }
  assert.ok(damaged > 20, `${damaged} bytes were damaged`);
});

test.run();
