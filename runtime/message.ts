import { packPayload, type PayloadWriter, unpackPayload } from './payload/messagepack.ts';
import { Packed, type Payload } from './payload/payload.ts';

/** Something that knows its PID as text; a sender's PID is only spelled out when somebody reads `from`. */
export interface PidHolder {
  readonly pid: string;
}

/** Messages of fewer bytes are counted, but not weighed. */
const COUNTED_BYTES = 4096;

/**
 * One message, private to its receiver. The payload is held in the form in which it came and converted when the other
 * form is first asked for.
 */
export class Message {
  readonly topic: string;
  /** How many payloads the sender gave; `payload` is the value itself for 1, otherwise the list of them. */
  readonly count: number;
  /** Roughly what it keeps, in bytes; 0 for what is too small to matter (`COUNTED_BYTES`). */
  readonly bytes: number;
  /** The kernel's: place in the order of arrival, where several queues may have to be merged again. */
  order: number;
  // Programs hold messages, and the sender may be the kernel's own record of it.
  readonly #sender: PidHolder | string;
  #body: Payload | Packed;

  constructor(topic: string, sender: PidHolder | string, body: Payload | Packed, count: number, bytes = 0) {
    this.topic = topic;
    this.count = count;
    this.bytes = bytes >= COUNTED_BYTES ? bytes : 0;
    this.order = 0;
    this.#sender = sender;
    this.#body = body;
  }

  /** PID of the sender. */
  get from(): string {
    const sender = this.#sender;
    return typeof sender === 'string' ? sender : sender.pid;
  }

  get payload(): Payload {
    const body = this.#body;
    if (!(body instanceof Packed)) return body;
    const value = unpackPayload(body.bytes);
    this.#body = value;
    return value;
  }

  /** Whether it is held as MessagePack. */
  get isPacked(): boolean {
    return this.#body instanceof Packed;
  }

  /** Append the payload as MessagePack: for readers that need no bytes of their own. */
  packInto(writer: PayloadWriter): void {
    const body = this.#body;
    if (body instanceof Packed) writer.raw(body.bytes);
    else writer.write(body as Payload);
  }

  /** The payload as MessagePack. */
  get packed(): Uint8Array {
    const body = this.#body;
    return body instanceof Packed ? body.bytes : packPayload(body as Payload);
  }
}
