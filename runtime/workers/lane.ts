import { Queue } from '../scheduler/queue.ts';
import { RingReader, type RingWriter } from './ring.ts';

/** Bytes, and frames, that may wait for room in a ring before messages are refused. */
const BACKLOG_BYTES = 16 << 20;
const BACKLOG_FRAMES = 1 << 16;

/** One direction from this scheduler to another: its ring, and what waits for room in it. */
export class Lane {
  readonly #ring: RingWriter;
  readonly #backlog = new Queue<Uint8Array>();
  #backlogBytes = 0;
  /** Something was written since the last `publish`. */
  dirty = false;

  constructor(ring: RingWriter) {
    this.#ring = ring;
  }

  get refusesMessages(): boolean {
    return this.#backlogBytes > BACKLOG_BYTES || this.#backlog.size > BACKLOG_FRAMES;
  }

  /** Frames that wait for room. */
  get backlog(): number {
    return this.#backlog.size;
  }

  /** Whether the reader has handled everything that was ever handed over. */
  get isRead(): boolean {
    return this.#backlog.size === 0 && this.#ring.isRead;
  }

  /** The reader is gone: what it has not read, oldest first. The lane must not be used any more. */
  *unread(): Generator<Uint8Array> {
    this.#ring.publish();
    const reader = new RingReader(this.#ring.memory);
    while (reader.read()) yield reader.bytes.slice(reader.offset, reader.offset + reader.length);
    for (let next = this.#backlog.shift(); next !== undefined; next = this.#backlog.shift()) yield next;
  }

  push(bytes: Uint8Array, length: number): void {
    this.dirty = true;
    if (this.#backlog.size === 0 && this.#ring.write(bytes, length)) return;
    this.#backlog.push(bytes.slice(0, length));
    this.#backlogBytes += length;
  }

  /** Let the reader see what was written; false while something waits for room. */
  publish(): boolean {
    for (let next = this.#backlog.at(0); next !== undefined; next = this.#backlog.at(0)) {
      if (!this.#ring.write(next, next.length)) break;
      this.#backlog.shift();
      this.#backlogBytes -= next.length;
    }
    this.#ring.publish();
    this.dirty = this.#backlog.size > 0;
    return !this.dirty;
  }
}
