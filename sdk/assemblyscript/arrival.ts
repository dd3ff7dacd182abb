import { decode, encode } from "./codec";
import { Decoder } from "./decoder";
import { beginTexts, outgoing, putText, resultBuffer, textLength } from "./exchange";
import * as host from "./imports";
import { Value } from "./value";

/** What something that came is. */
export enum ArrivalKind {
  Message = 1,
  /** A message on a topic that was given to `listen`. */
  TopicMessage = 2,
  Event = 3,
  Answer = 4,
  /** The error that a command ended with. */
  Failure = 5,
}

const HEADER: i32 = 20;

/** One decoder for all `read`s: they come with every message. */
let spare: Decoder | null = null;

/** What came in: a `Message`, an `Event` or an `Answer`. */
export class Arrival {
  protected value: Value | null = null;
  private labelText: string = "";
  private fromText: string = "";
  /** Whether the texts are those of this record; of a view they may be those of an earlier one. */
  private labelKnown: bool = false;
  private fromKnown: bool = false;

  /** `record` is the address of a record of the ABI; in `buffer`, or where it stays by itself. */
  constructor(protected buffer: ArrayBuffer | null, protected record: usize) {}

  /** Stand for another record from now on. */
  protected over(record: usize): void {
    this.record = record;
    this.value = null;
    this.labelKnown = false;
    this.fromKnown = false;
  }

  get kind(): ArrivalKind {
    return <ArrivalKind>this.word(0);
  }

  /** PID of the sender; for an event, of the process that it is about. */
  get from(): string {
    if (this.fromKnown) return this.fromText;
    const text = textAt(this.record + HEADER + <usize>this.word(4), this.word(8), this.fromText);
    this.fromText = text;
    this.fromKnown = true;
    return text;
  }

  /** The payload, whatever it is. */
  get payload(): Value {
    const known = this.value;
    if (known !== null) return known;
    const made = Value.decode(this.decoder());
    this.value = made;
    return made;
  }

  /** The payload as a type: see `decode`. Where it is another, the result is 0, "" or empty. */
  read<T>(): T {
    // Taken while it is in use: a type of the program's own may read another message while it is read.
    const idle = spare;
    spare = null;
    const reader = this.readBy(idle === null ? new Decoder(null, 0, 0) : idle);
    const value = decode<T>(reader);
    spare = reader;
    return value;
  }

  /** For reading the payload piece by piece. */
  decoder(): Decoder {
    return this.readBy(new Decoder(null, 0, 0));
  }

  private readBy(decoder: Decoder): Decoder {
    return decoder.over(this.buffer, this.record + HEADER + <usize>(this.word(4) + this.word(8)), this.word(12));
  }

  /** Topic of a message, kind of an event. */
  protected get label(): string {
    if (this.labelKnown) return this.labelText;
    const text = textAt(this.record + HEADER, this.word(4), this.labelText);
    this.labelText = text;
    this.labelKnown = true;
    return text;
  }

  protected word(offset: i32): i32 {
    return load<i32>(this.record + <usize>offset);
  }

  /** Bytes of the whole record. */
  protected get size(): i32 {
    return HEADER + this.word(4) + this.word(8) + this.word(12);
  }
}

/** A message from another process. */
export class Message extends Arrival {
  /** What a handler was given, `on_message(at, length)`, copied: it may be kept. */
  static at(at: usize, length: i32): Message {
    const buffer = copied(at, length);
    return new Message(buffer, changetype<usize>(buffer));
  }

  /**
   * What a handler was given, read where it is: nothing is copied or allocated. It is one object, the next message's as
   * well, so it means nothing once the handler has returned; `keep` makes one that does. What `read` and `payload` give
   * is the program's own in any case.
   */
  static view(at: usize): Message {
    viewed.over(at);
    return viewed;
  }

  /** A copy that may be kept. */
  keep(): Message {
    return Message.at(this.record, this.size);
  }

  /** Send to the sender: what `send(message.from, topic, payload)` does, without making a string of the PID. */
  reply<T>(topic: string, payload: T): bool {
    outgoing.reset();
    encode<T>(outgoing, payload);
    beginTexts(topic.length);
    const subject = putText(topic);
    const from = this.record + HEADER + <usize>this.word(4);
    return host.send(from, this.word(8), subject, textLength, outgoing.pointer, outgoing.length) >= 0;
  }

  get topic(): string {
    return this.label;
  }

  /** How many payloads the sender gave. One is `payload` itself, any other number a list of them. */
  get count(): i32 {
    return this.word(16);
  }
}

/** Kinds of events, as `Event.type` spells them. */
export namespace EventType {
  export const EXIT: string = "pid.exit";
  export const LINK_DOWN: string = "pid.link.down";
  export const CANCEL: string = "pid.cancel";
  export const OUTDATED: string = "pid.outdated";
}

/** Something that happened to a process: the end of one that is monitored or linked, the wish that this one ends. */
export class Event extends Arrival {
  /** What a handler was given: `on_event(at, length)`. */
  static at(at: usize, length: i32): Event {
    const buffer = copied(at, length);
    return new Event(buffer, changetype<usize>(buffer));
  }

  /** One of `EventType`. */
  get type(): string {
    return this.label;
  }

  /** EXIT, LINK_DOWN: what the process returned; null if it failed. */
  get result(): Value {
    return this.payload.get("result").get("value");
  }

  /** EXIT, LINK_DOWN: the error it failed with; null if it did not. */
  get error(): Value {
    return this.payload.get("result").get("error");
  }

  /** CANCEL: why, or "". */
  get reason(): string {
    return this.payload.get("reason").asString();
  }

  /** OUTDATED: a list of the ids of the entries that have changed. */
  get sources(): Value {
    return this.payload.get("sources");
  }

  /** When it happened: seconds since 1970, with fraction. */
  get time(): f64 {
    return this.payload.get("at").asFloat();
  }
}

/** The answer to a command that was started with a tag. */
export class Answer extends Arrival {
  /** What a handler was given: `on_answer(at, length)`. */
  static at(at: usize, length: i32): Answer {
    const buffer = copied(at, length);
    return new Answer(buffer, changetype<usize>(buffer));
  }

  get tag(): i32 {
    return this.word(16);
  }

  /** The command failed: `payload` is the error. */
  get failed(): bool {
    return this.kind == ArrivalKind.Failure;
  }
}

/** What `Message.view` answers. */
const viewed = new Message(null, 0);

/** The record of `length` bytes in the area of results. */
export function takenArrival(length: i32): Arrival {
  const buffer = resultBuffer(length);
  const record = changetype<usize>(buffer);
  switch (load<i32>(record)) {
    case ArrivalKind.Event:
      return new Event(buffer, record);
    case ArrivalKind.Answer:
    case ArrivalKind.Failure:
      return new Answer(buffer, record);
    default:
      return new Message(buffer, record);
  }
}

/** The text of `length` bytes at `at`: `known` itself where that is it, which saves making a string. */
function textAt(at: usize, length: i32, known: string): string {
  if (length == known.length) {
    let i = 0;
    while (i < length) {
      const byte = load<u8>(at + <usize>i);
      if (byte > 127 || <i32>byte != known.charCodeAt(i)) break;
      i++;
    }
    if (i == length) return known;
  }
  return String.UTF8.decodeUnsafe(at, <usize>length);
}

function copied(at: usize, length: i32): ArrayBuffer {
  const copy = new ArrayBuffer(length);
  memory.copy(changetype<usize>(copy), at, <usize>length);
  return copy;
}
