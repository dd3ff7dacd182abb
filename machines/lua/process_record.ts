/**
 * What a Lua process is beside the memory of its state: its paths and what they wait for, as plain data that travels in
 * an image (`process_image.ts`). Addresses in it are valid wherever the state's memory is, because an image goes back to
 * the addresses it came from.
 */
import { Answer, Message, type Payload, type ProcessEvent } from '../../runtime/machine.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import type { HeldRecord } from './held_payloads.ts';
import { type Outcome, Path, type Stage } from './path.ts';
import type { TurnsRecord } from './path_turns.ts';

export interface ProcessRecord {
  /** Which runtime it comes from: its addresses are reserved there, and nowhere else. */
  readonly home: number;
  readonly method: string;
  readonly args: readonly Payload[];
  /** The last tag that was used. */
  readonly tag: number;
  readonly burnt: number;
  readonly objectMark: number;
  readonly inbox: number;
  readonly signals: number;
  readonly topics: readonly (readonly [topic: string, channel: number])[];
  readonly topicOf: readonly (readonly [channel: number, topic: string])[];
  readonly timers: readonly (readonly [tag: number, channel: number])[];
  /** Module tables that the process made itself. */
  readonly tables: readonly (readonly [address: number, module: number])[];
  readonly held: HeldRecord;
  /** The main path first. */
  readonly paths: readonly PathRecord[];
  /** In positions of `paths`. */
  readonly turns: TurnsRecord;
}

interface PathRecord {
  readonly thread: number;
  readonly stage: number;
  readonly count: number;
  readonly suspended: boolean;
  readonly waiter: number;
  readonly wakes: number;
  readonly outcome: number;
  readonly item: ItemRecord | null;
  readonly tag: number;
  readonly channels: readonly number[];
  readonly sends: readonly boolean[] | null;
  readonly selecting: boolean;
  readonly chosen: number;
  readonly channel: number;
}

type ItemRecord =
  | {
      readonly kind: 'message';
      readonly topic: string;
      readonly from: string;
      readonly payload: Payload;
      readonly count: number;
    }
  | { readonly kind: 'answer'; readonly tag: number; readonly value: Payload; readonly error: TroupeError | null }
  | { readonly kind: 'event'; readonly event: { readonly [field: string]: Payload } };

export function recordPath(path: Path): PathRecord {
  return {
    thread: path.thread,
    stage: path.stage,
    count: path.count,
    suspended: path.suspended,
    waiter: path.waiter,
    wakes: path.wakes,
    outcome: path.outcome,
    item: path.item === undefined ? null : recordItem(path.item),
    tag: path.tag,
    channels: [...path.channels],
    sends: path.sends === undefined ? null : [...path.sends],
    selecting: path.selecting,
    chosen: path.chosen,
    channel: path.channel,
  };
}

export function restorePath(record: PathRecord): Path {
  const path = new Path(record.thread, record.stage as Stage, record.count);
  path.suspended = record.suspended;
  path.waiter = record.waiter;
  path.wakes = record.wakes;
  path.outcome = record.outcome as Outcome;
  path.item = record.item === null ? undefined : restoreItem(record.item);
  path.tag = record.tag;
  path.channels.push(...record.channels);
  path.sends = record.sends === null ? undefined : [...record.sends];
  path.selecting = record.selecting;
  path.chosen = record.chosen;
  path.channel = record.channel;
  return path;
}

function recordItem(item: Message | Answer | ProcessEvent): ItemRecord {
  if (item instanceof Message) {
    return { kind: 'message', topic: item.topic, from: item.from, payload: item.payload, count: item.count };
  }
  if (item instanceof Answer) return { kind: 'answer', tag: item.tag, value: item.value, error: item.error ?? null };
  return { kind: 'event', event: { ...item } as unknown as { [field: string]: Payload } };
}

function restoreItem(record: ItemRecord): Message | Answer | ProcessEvent {
  switch (record.kind) {
    case 'message':
      return new Message(record.topic, record.from, record.payload, record.count);
    case 'answer':
      return new Answer(record.tag, record.value, record.error ?? undefined);
    default:
      return record.event as unknown as ProcessEvent;
  }
}
