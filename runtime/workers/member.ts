/** A scheduler as the main thread leads it when another one is lost: its own directly, those of workers by orders. */
import type { MessagePort } from 'node:worker_threads';
import { type TroupeError, toTroupeError } from '../errors.ts';
import { packPayload, unpackPayload } from '../payload/messagepack.ts';
import { Lane } from './lane.ts';
import type { Post } from './post.ts';
import { RingReader, RingWriter } from './ring.ts';

/** How to reach the thread that takes the place of a lost one. */
export interface Rejoin {
  readonly scheduler: number;
  /** Rings to it and from it. */
  readonly to: SharedArrayBuffer;
  readonly from: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly bytesPort: MessagePort;
}

/** See `recovery.ts` for what each step does. */
export interface Member {
  /** Answers the numbers of processes that were under way to the lost one and that nobody has. */
  sever(lost: number): Promise<readonly number[]>;
  settle(error: TroupeError): Promise<void>;
  rejoin(rejoin: Rejoin): void;
}

export class LocalMember implements Member {
  readonly #post: Post;

  constructor(post: Post) {
    this.#post = post;
  }

  sever(lost: number): Promise<readonly number[]> {
    const nobodys = this.#post.sever(lost);
    return new Promise(resolve => this.#post.whenSettled(() => resolve(nobodys)));
  }

  settle(error: TroupeError): Promise<void> {
    return new Promise(resolve => this.#post.settle(error, resolve));
  }

  rejoin({ scheduler, to, from, port, bytesPort }: Rejoin): void {
    this.#post.rejoin(scheduler, new Lane(new RingWriter(to)), new RingReader(from), port, bytesPort);
  }
}

/** What the main thread tells a worker to do, and what that answers. */
export type Order =
  | { readonly order: 'sever'; readonly id: number; readonly lost: number }
  | { readonly order: 'settle'; readonly id: number; readonly error: Uint8Array }
  | { readonly order: 'rejoin'; readonly rejoin: Rejoin };
export interface Obeyed {
  readonly obeyed: number;
  readonly numbers: readonly number[];
}

/** Worker: do what the main thread orders. */
export async function obey(order: Order, member: LocalMember, port: MessagePort): Promise<void> {
  let numbers: readonly number[] = [];
  if (order.order === 'rejoin') {
    member.rejoin(order.rejoin);
    return;
  }
  if (order.order === 'sever') numbers = await member.sever(order.lost);
  else await member.settle(toTroupeError(unpackPayload(order.error)));
  port.postMessage({ obeyed: order.id, numbers } satisfies Obeyed);
}

/** Main thread: a worker. Orders that it cannot obey any more are answered by `gone`. */
export class RemoteMember implements Member {
  readonly #post: (order: Order, transfer?: readonly MessagePort[]) => void;
  readonly #waiting = new Map<number, (numbers: readonly number[]) => void>();
  #next = 0;
  #isGone = false;

  constructor(post: (order: Order, transfer?: readonly MessagePort[]) => void) {
    this.#post = post;
  }

  obeyed({ obeyed, numbers }: Obeyed): void {
    this.#waiting.get(obeyed)?.(numbers);
    this.#waiting.delete(obeyed);
  }

  /** Its thread has ended: what it was asked for need not be waited for. */
  gone(): void {
    this.#isGone = true;
    for (const resolve of this.#waiting.values()) resolve([]);
    this.#waiting.clear();
  }

  sever(lost: number): Promise<readonly number[]> {
    return this.#ask(id => ({ order: 'sever', id, lost }));
  }

  async settle(error: TroupeError): Promise<void> {
    await this.#ask(id => ({ order: 'settle', id, error: packPayload(error) }));
  }

  rejoin(rejoin: Rejoin): void {
    if (!this.#isGone) this.#post({ order: 'rejoin', rejoin }, [rejoin.port, rejoin.bytesPort]);
  }

  #ask(order: (id: number) => Order): Promise<readonly number[]> {
    if (this.#isGone) return Promise.resolve([]);
    const id = ++this.#next;
    return new Promise(resolve => {
      this.#waiting.set(id, resolve);
      this.#post(order(id));
    });
  }
}
