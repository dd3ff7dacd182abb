import { decode } from "./codec";
import { Decoder } from "./decoder";
import { resultBuffer } from "./exchange";
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

const HEADER = 20;

/** One decoder for all `read`s: they come with every message. */
let spare: Decoder | null = null;

/** What came in: a `Message`, an `Event` or an `Answer`. */
export class Arrival {
  protected value: Value | null = null;
  private words: string | null = null;

  /** `buffer` is a record of the ABI. */
  constructor(protected buffer: ArrayBuffer) {}

  get kind(): ArrivalKind {
    return <ArrivalKind>this.word(0);
  }

  /** PID of the sender; for an event, of the process that it is about. */
  get from(): string {
    return this.text(this.word(4), this.word(8));
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
    const start = HEADER + this.word(4) + this.word(8);
    // Taken while it is in use: a type of the program's own may read another message while it is read.
    const idle = spare;
    spare = null;
    const reader =
      idle === null
        ? new Decoder(this.buffer, start, this.word(12))
        : idle.over(this.buffer, start, this.word(12));
    const value = decode<T>(reader);
    spare = reader;
    return value;
  }

  /** For reading the payload piece by piece. */
  decoder(): Decoder {
    const start = HEADER + this.word(4) + this.word(8);
    return new Decoder(this.buffer, start, this.word(12));
  }

  /** Topic of a message, kind of an event. */
  protected get label(): string {
    const known = this.words;
    if (known !== null) return known;
    const text = this.text(0, this.word(4));
    this.words = text;
    return text;
  }

  protected word(offset: i32): i32 {
    return load<i32>(changetype<usize>(this.buffer) + <usize>offset);
  }

  private text(offset: i32, length: i32): string {
    return String.UTF8.decodeUnsafe(changetype<usize>(this.buffer) + HEADER + <usize>offset, <usize>length);
  }
}

/** A message from another process. */
export class Message extends Arrival {
  /** What a handler was given: `on_message(at, length)`. */
  static at(at: usize, length: i32): Message {
    return new Message(copied(at, length));
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
    return new Event(copied(at, length));
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
}

/** The answer to a command that was started with a tag. */
export class Answer extends Arrival {
  /** What a handler was given: `on_answer(at, length)`. */
  static at(at: usize, length: i32): Answer {
    return new Answer(copied(at, length));
  }

  get tag(): i32 {
    return this.word(16);
  }

  /** The command failed: `payload` is the error. */
  get failed(): bool {
    return this.kind == ArrivalKind.Failure;
  }
}

/** The record of `length` bytes in the area of results. */
export function takenArrival(length: i32): Arrival {
  const buffer = resultBuffer(length);
  switch (load<i32>(changetype<usize>(buffer))) {
    case ArrivalKind.Event:
      return new Event(buffer);
    case ArrivalKind.Answer:
    case ArrivalKind.Failure:
      return new Answer(buffer);
    default:
      return new Message(buffer);
  }
}

function copied(at: usize, length: i32): ArrayBuffer {
  const copy = new ArrayBuffer(length);
  memory.copy(changetype<usize>(copy), at, <usize>length);
  return copy;
}
