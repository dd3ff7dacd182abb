import type { Signal } from '../lifecycle/signal.ts';
import type { Packed, Payload, SpawnRequest } from '../machine.ts';
import type { TroupeError } from '../errors.ts';
import type { Inherited, Process } from './process.ts';

/** Where a live process is, as far as this scheduler knows. */
export interface Placed {
  readonly number: number;
  readonly worker: number;
}

/** A child that its spawner placed on another scheduler: all that it needs to arrive there. */
export interface FarSpawn {
  readonly number: number;
  readonly entry: string;
  readonly host: string;
  /** PID of the spawner. */
  readonly parent: string;
  /** See `Watcher.tag`. */
  readonly tag: number;
  readonly request: SpawnRequest;
  readonly inherited: Inherited;
}

/**
 * The way from one scheduler to the others. What one scheduler hands over for one process arrives in that order.
 * Implemented in `runtime/workers/`.
 */
export interface Outbound {
  /** Where a PID lives, if it lives; undefined for names and for the dead. */
  whereIs(pid: string): Placed | undefined;
  message(
    to: Placed,
    pid: string,
    sender: Process,
    topic: string,
    payload: Payload | Packed,
    count: number,
  ): TroupeError | undefined;
  signal(to: Placed, signal: Signal): void;
  /** Which scheduler a new process of a host should be on. */
  place(host: { readonly pinned: boolean; readonly workers: number }): number;
  /** Mark a number as alive on a worker, before anything can be sent to it. */
  announce(number: number, worker: number, host: { readonly index: number }): void;
  /** A process ended here. */
  retire(number: number): void;
  spawn(worker: number, spawn: FarSpawn): void;
  /** Give a slot back to the scheduler that deals it out. */
  freeSlot(worker: number, number: number): void;
  /** A mailbox that refused messages from afar has room again. */
  reopen(process: Process): void;
  /** Take in what others sent. */
  exchange(): void;
  /** Let others see what was sent. */
  publish(): void;
  /** Nothing to do: wait a very short while for others; whether something came. */
  linger(): boolean;
  /** About to rest: false if something came at the last moment. */
  sleep(): boolean;
}
