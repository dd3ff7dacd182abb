/**
 * How the memory of large Bytes gets from one thread to another without a copy. Frames in the rings can only name it, so
 * it goes beside them, through a port of its own for each pair of schedulers: one message for each frame that names any,
 * in the order of the frames. A message that was posted can be received at once on the other side, so whoever reads such
 * a frame takes its message there and then; nobody listens on these ports.
 *
 * Nothing is kept here. What was given lies in the port until it is taken, and goes with the port if it never is.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { TroupeError } from '../errors.ts';

export class BytesExchange {
  readonly #ports: (MessagePort | undefined)[];

  /** By scheduler: the port to each other one. */
  constructor(ports: readonly (MessagePort | undefined)[]) {
    this.#ports = [...ports];
  }

  /** The thread of a scheduler was replaced, or is gone. */
  setPort(scheduler: number, port: MessagePort | undefined): void {
    this.#ports[scheduler] = port;
  }

  /** Must come before the frame that names them can be read, and in the order of such frames. */
  give(to: number, memories: readonly SharedArrayBuffer[]): void {
    this.#ports[to]!.postMessage(memories);
  }

  /** What goes with the frame from `from` that is being read. Once a frame, also where the frame is of no use. */
  take(from: number): readonly SharedArrayBuffer[] {
    const port = this.#ports[from];
    const received = port && (receiveMessageOnPort(port) as { message: readonly SharedArrayBuffer[] } | undefined);
    if (received === undefined) {
      throw new TroupeError(`a frame of scheduler ${from} names memory that did not come with it`, {
        kind: 'INTERNAL',
        retryable: false,
      });
    }
    return received.message;
  }
}
