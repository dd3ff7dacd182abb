import type { TroupeError } from '../../../runtime/errors.ts';
import { Answer, type EventQueue, type Message, type ProcessEvent } from '../../../runtime/machine.ts';
import { PayloadWriter, packPayload, unpackPayload } from '../../../runtime/payload/messagepack.ts';
import { RECORD_HEADER, RecordKind, Sources } from '../abi/codes.ts';
import { type GuestMemory, textLength } from '../abi/memory.ts';
import type { Results } from './results.ts';

const NOTHING = new Uint8Array(0);
/** Payloads of messages are packed here, one at a time, and copied into the guest before the next. */
let scratch = new PayloadWriter();
const LONG = 1 << 20;

/**
 * What comes to a guest: messages, events and answers, taken one at a time and written as a record. A record is five
 * little-endian words (kind; lengths of topic, sender and payload; count or tag), topic and sender as UTF-8, and the payload
 * as MessagePack.
 */
export class Arrivals {
  readonly #memory: GuestMemory;
  /** Topics given to `listen`, in that order. */
  readonly #topics: string[] = [];
  /** Topics given to `unlisten` that may still have messages. */
  #closed: Set<string> | undefined;
  /** Answers to the guest's own commands that it has not taken yet; the kernel's queue is emptied at each step. */
  readonly #answers: Answer[] = [];
  /** Of what was taken last. */
  kind: RecordKind = RecordKind.MESSAGE;
  #topic = '';
  #topicLength = 0;
  /** PID; empty for answers. */
  #from = '';
  #fromLength = 0;
  /** Valid until something else is taken: `#payloadLength` bytes of it. */
  #payload: Uint8Array = NOTHING;
  #payloadLength = 0;
  #extra = 0;
  /** Of the record that was written to the room last. */
  #roomAt = -1;
  #roomTopic = '';
  #roomFrom = '';

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  listen(topic: string): void {
    if (!this.#topics.includes(topic)) this.#topics.push(topic);
    this.#closed?.delete(topic);
  }

  /** What was routed to the topic before is still read; messages that come later fall to the inbox by themselves. */
  unlisten(topic: string): void {
    if (!this.#topics.includes(topic)) return;
    if (this.#closed === undefined) this.#closed = new Set();
    this.#closed.add(topic);
  }

  /** Whether messages on the topic that come now are routed to it. */
  listens(topic: string): boolean {
    return this.#topics.includes(topic) && this.#closed?.has(topic) !== true;
  }

  answered(answer: Answer): void {
    this.#answers.push(answer);
  }

  record(): ArrivalsRecord {
    return {
      topics: this.#topics,
      closed: [...(this.#closed ?? [])],
      answers: this.#answers.map(({ tag, value, error }) => ({ tag, value: packPayload(value), error: error ?? null })),
    };
  }

  restore({ topics, closed, answers }: ArrivalsRecord): void {
    this.#topics.push(...topics);
    if (closed.length > 0) this.#closed = new Set(closed);
    for (const { tag, value, error } of answers) {
      this.#answers.push(new Answer(tag, error === null ? unpackPayload(value) : undefined, error ?? undefined));
    }
  }

  /** Take the next one from these sources (bits of `Sources`); false where there is none. */
  take(events: EventQueue, sources: number): boolean {
    if ((sources & Sources.EVENTS) !== 0) {
      const event = events.event();
      if (event !== undefined) return this.#takeEvent(event);
    }
    if ((sources & Sources.ANSWERS) !== 0 && this.#answers.length > 0) return this.#takeAnswer(this.#answers.shift()!);
    if ((sources & Sources.TOPICS) !== 0 && this.#takeTopic(events)) return true;
    if ((sources & Sources.INBOX) !== 0) {
      const message = events.message();
      if (message !== undefined) return this.#takeMessage(message, RecordKind.MESSAGE);
    }
    return false;
  }

  #takeTopic(events: EventQueue): boolean {
    const topics = this.#topics;
    for (let i = 0; i < topics.length; i++) {
      if (this.takeOn(events, topics[i])) return true;
      if (this.#closed !== undefined && this.#closed.delete(topics[i])) topics.splice(i--, 1);
    }
    return false;
  }

  /** Take the next message on exactly this topic. */
  takeOn(events: EventQueue, topic: string): boolean {
    const message = events.messageOn(topic);
    return message !== undefined && this.#takeMessage(message, RecordKind.TOPIC_MESSAGE);
  }

  /** Bytes of the record of what was taken last. */
  get length(): number {
    return RECORD_HEADER + this.#topicLength + this.#fromLength + this.#payloadLength;
  }

  /** Write the record where `length` bytes are free. */
  writeAt(at: number): void {
    const memory = this.#memory;
    const topicLength = this.#topicLength;
    const fromLength = this.#fromLength;
    const payloadLength = this.#payloadLength;
    memory.writeHeader(at, this.kind, topicLength, fromLength, payloadLength, this.#extra);
    let end = at + RECORD_HEADER;
    memory.writeText(end, this.#topic, topicLength);
    end += topicLength;
    memory.writeText(end, this.#from, fromLength);
    memory.write(end + fromLength, this.#payload, payloadLength);
    this.#payload = NOTHING;
  }

  /**
   * Write the record to the room of the guest's handlers, where nothing but records is written: the texts of the last one
   * are still there, and mostly the next one has the same.
   */
  writeToRoom(at: number): void {
    if (at !== this.#roomAt || this.#topic !== this.#roomTopic || this.#from !== this.#roomFrom) {
      this.writeAt(at);
      this.#roomAt = at;
      this.#roomTopic = this.#topic;
      this.#roomFrom = this.#from;
      return;
    }
    const memory = this.#memory;
    memory.writeHeader(at, this.kind, this.#topicLength, this.#fromLength, this.#payloadLength, this.#extra);
    memory.write(at + RECORD_HEADER + this.#topicLength + this.#fromLength, this.#payload, this.#payloadLength);
    this.#payload = NOTHING;
  }

  /** The record as the result of a call: its length or a code. */
  give(results: Results, area: number, capacity: number): number {
    const length = this.length;
    const at = results.place(length, area, capacity);
    if (at >= 0) {
      this.writeAt(at);
      return length;
    }
    // Held in both cases: a message that was taken must not be lost for a pointer that is wrong.
    results.hold(this.#bytes());
    return at === -1 ? length : results.refuseArea();
  }

  #bytes(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    const view = new DataView(bytes.buffer);
    const words = [this.kind, this.#topicLength, this.#fromLength, this.#payloadLength, this.#extra];
    words.forEach((word, index) => {
      view.setInt32(index * 4, word, true);
    });
    let end = RECORD_HEADER;
    bytes.set(Buffer.from(this.#topic, 'utf8'), end);
    end += this.#topicLength;
    bytes.set(Buffer.from(this.#from, 'utf8'), end);
    bytes.set(this.#payload.subarray(0, this.#payloadLength), end + this.#fromLength);
    this.#payload = NOTHING;
    return bytes;
  }

  #takeMessage(message: Message, kind: RecordKind): true {
    scratch.reset();
    message.packInto(scratch);
    this.#took(kind, message.topic, message.from, scratch.bytes, message.count);
    this.#payloadLength = scratch.length;
    // A long payload must not leave its room behind for ever.
    if (scratch.length > LONG) scratch = new PayloadWriter();
    return true;
  }

  #takeEvent(event: ProcessEvent): true {
    return this.#took(RecordKind.EVENT, event.kind, event.from, packPayload({ ...event } as never), 0);
  }

  #takeAnswer(answer: Answer): true {
    const { error } = answer;
    const kind = error === undefined ? RecordKind.ANSWER : RecordKind.FAILURE;
    return this.#took(kind, '', '', packPayload(error ?? answer.value), answer.tag);
  }

  #took(kind: RecordKind, topic: string, from: string, payload: Uint8Array, extra: number): true {
    this.kind = kind;
    if (topic !== this.#topic) {
      this.#topic = topic;
      this.#topicLength = textLength(topic);
    }
    if (from !== this.#from) {
      this.#from = from;
      this.#fromLength = textLength(from);
    }
    this.#payload = payload;
    this.#payloadLength = payload.length;
    this.#extra = extra;
    return true;
  }
}

/** What a moved guest listens to, and answers that it has not taken yet. */
export interface ArrivalsRecord {
  readonly topics: readonly string[];
  /** Those of them that may still have messages but take no new ones. */
  readonly closed: readonly string[];
  readonly answers: readonly { readonly tag: number; readonly value: Uint8Array; readonly error: TroupeError | null }[];
}
