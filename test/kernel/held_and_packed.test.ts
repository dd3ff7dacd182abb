/** What moves between schedulers, and what is held for it meanwhile. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Linked } from '../../runtime/hosts/linked.ts';
import { type Image, type StateMachine, StepStatus } from '../../runtime/machine.ts';
import { Message } from '../../runtime/message.ts';
import { Arriving, ArrivingBatch } from '../../runtime/scheduler/arriving.ts';
import { pack } from '../../runtime/scheduler/movable.ts';
import { NOTHING_INHERITED } from '../../runtime/scheduler/inherited.ts';
import { Process } from '../../runtime/scheduler/process.ts';

const test = suite('held and packed');

const IMAGE: Image = { program: 'p', bytes: new Uint8Array(8) };

function packed(machine: Partial<StateMachine>): { packed: boolean; process: Process } {
  const process = new Process({ host: { isOpen: true } } as Linked, 1, 0, [], NOTHING_INHERITED);
  process.machine = { init: () => undefined, step: () => StepStatus.Idle, close: () => undefined, ...machine };
  return { packed: pack(process), process };
}

function fails(): never {
  throw new RangeError('Array buffer allocation failed');
}

test('a machine that cannot be packed stays as it is, whatever it throws', () => {
  for (const suspend of [undefined, () => undefined, fails]) {
    const { packed: done, process } = packed({ suspend });
    assert.is(done, false);
    assert.ok(process.machine !== undefined);
    assert.is(process.extras?.image, undefined);
  }
});

test('a machine that cannot be closed has moved all the same', () => {
  const { packed: done, process } = packed({ suspend: () => IMAGE, close: fails });
  assert.is(done, true);
  assert.is(process.machine, undefined);
  assert.is(process.extras!.image, IMAGE);
});

test('what is held is let go source by source, in order, and counted as in a mailbox', () => {
  const arriving = new Arriving(new ArrivingBatch(0, 1, 4));
  const limits = { mailbox: 3, mailboxBytes: 10_000 };
  const topics = (source: number): string[] => arriving.release(source).map(({ message }) => message!.topic);
  for (const [source, topic] of [
    [1, 'a'],
    [2, 'b'],
    [1, 'c'],
  ] as const) {
    assert.not(arriving.isOver(limits));
    arriving.hold({ source, message: new Message(topic, '{h|0x00001}', null, 1) });
  }
  assert.ok(arriving.isOver(limits));
  assert.equal(topics(1), ['a', 'c']);
  assert.not(arriving.isOver(limits));
  arriving.hold({ source: 3, message: new Message('large', '{h|0x00001}', null, 1, 10_001) });
  assert.ok(arriving.isOver(limits));
  assert.equal(topics(3), ['large']);
  assert.equal([arriving.messages, arriving.bytes], [1, 0]);
  assert.is(arriving.drop().length, 1);
  assert.equal([arriving.messages, arriving.release(2)], [0, []]);
});

test.run();
