import { Arrival, Message, takenArrival } from "./arrival";
import { area, beginTexts, capacity, incomingArea, prepareArea, putText, settle, textLength } from "./exchange";
import * as host from "./imports";

/** What `select` looks at; add them up. */
export enum Sources {
  /** Messages that no listened topic takes. */
  Inbox = 1,
  /** Messages on topics given to `listen`. */
  Topics = 2,
  Events = 4,
  /** Answers to commands that were started with a tag. */
  Answers = 8,
}

/** The next message of the inbox; waits for it. */
export function receive(): Message {
  prepareArea();
  const length = host.receive(area, capacity);
  assert(settle(length), "receive cannot wait here");
  return takenArrival(length) as Message;
}

/** The next message, or null if none comes within so many milliseconds. */
export function receiveTimeout(milliseconds: f64): Message | null {
  prepareArea();
  const length = host.receive_timeout(milliseconds, area, capacity);
  return settle(length) ? (takenArrival(length) as Message) : null;
}

/** The next message if there is one. Never waits. */
export function tryReceive(): Message | null {
  prepareArea();
  const length = host.try_receive(area, capacity);
  return length != 0 && settle(length) ? (takenArrival(length) as Message) : null;
}

/** The next message on a topic that was given to `listen`; null if none comes in time. */
export function receiveOn(topic: string, milliseconds: f64 = Infinity): Message | null {
  prepareArea();
  beginTexts(topic.length);
  const text = putText(topic);
  const length = host.receive_on(text, textLength, milliseconds, area, capacity);
  return settle(length) ? (takenArrival(length) as Message) : null;
}

/**
 * Whatever comes first from several sources, or null if nothing comes in time. What is there already is taken in the
 * order events, answers, topics (in the order of `listen`), inbox.
 *
 *     const arrival = select(Sources.Inbox | Sources.Events, 1000);
 *     if (arrival instanceof Event) ...
 */
export function select(sources: i32, milliseconds: f64 = Infinity): Arrival | null {
  prepareArea();
  const length = host.select(sources, milliseconds, area, capacity);
  return settle(length) ? takenArrival(length) : null;
}

/** `select` that never waits. */
export function trySelect(sources: i32): Arrival | null {
  prepareArea();
  const length = host.try_select(sources, area, capacity);
  return length != 0 && settle(length) ? takenArrival(length) : null;
}

/** From now on messages on `topic`, waiting ones included, are for `receiveOn` and `Sources.Topics`. */
export function listen(topic: string): bool {
  beginTexts(topic.length);
  const text = putText(topic);
  return host.listen(text, textLength) >= 0;
}

/** Later messages on `topic` go to the inbox again. */
export function unlisten(topic: string): bool {
  beginTexts(topic.length);
  const text = putText(topic);
  return host.unlisten(text, textLength) >= 0;
}

/** Start a timer: an `Answer` with this tag (0 to 2^29 - 1) comes after so many milliseconds. */
export function startTimer(tag: i32, milliseconds: f64): bool {
  return host.start_timer(tag, milliseconds) >= 0;
}

/** Forget a command: its answer will not come. */
export function abandon(tag: i32): void {
  host.abandon(tag);
}

/** A program with handlers exports this: `export { troupe_alloc } from "troupe"`. */
export function troupe_alloc(length: i32): usize {
  return incomingArea(length);
}
