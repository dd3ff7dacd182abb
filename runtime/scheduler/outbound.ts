import type { Signal } from '../lifecycle/signal.ts';
import type { Packed, Payload, SpawnRequest } from '../machine.ts';
import type { TroupeError } from '../errors.ts';
import type { Inherited } from './inherited.ts';
import type { Process } from './process.ts';

/** Where a live process is, as far as this scheduler knows. */
export interface Placed {
  readonly number: number;
  readonly worker: number;
}

/** Whose PID a message shows on another scheduler. */
export interface Sender {
  readonly pid: string;
  readonly number: number;
  readonly linked: { readonly host: { readonly index: number } };
}

/** A child that its spawner placed on another scheduler: all that it needs to arrive there. */
export interface FarSpawn {
  readonly number: number;
  readonly entry: string;
  readonly revision: number;
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
  /** Shared memory in which the word at `attentionAt` is `CALLED` when another scheduler wants this one to look. */
  readonly attention: Int32Array;
  readonly attentionAt: number;
  /** Shared memory in which the word at `steppingAt` changes with each step, and the next one is the slot of its process. */
  readonly stepping: Int32Array;
  readonly steppingAt: number;
  /**
   * Where a PID lives, if it lives; undefined for names and for the dead. What is placed here and is not in the table is
   * a spawn on its way, to which `message` and `signal` can be given all the same.
   */
  whereIs(pid: string): Placed | undefined;
  message(
    to: Placed,
    pid: string,
    sender: Sender,
    topic: string,
    payload: Payload | Packed,
    count: number,
  ): TroupeError | undefined;
  /** RATE_LIMITED for what asks for something and finds too much before it; ends and answers always go. */
  signal(to: Placed, signal: Signal): TroupeError | undefined;
  /** Which scheduler a new process of a host should be on. */
  place(host: { readonly pinned: boolean; readonly workers: number }): number;
  /** Why a scheduler takes nothing that can be refused: too much waits for it already, or it is gone. */
  refusal(worker: number): TroupeError | undefined;
  /** Nothing may be given away for now. */
  readonly keeps: boolean;
  /** There may be more hosts now. */
  knowHosts(): void;
  /** Mark a number as alive on a worker, before anything can be sent to it. */
  announce(number: number, worker: number, host: { readonly index: number }): void;
  /** A number that was announced, and that nobody has learned of, is not used after all. */
  retract(number: number, worker: number): void;
  /** A process ended here. */
  retire(process: Process): void;
  spawn(worker: number, spawn: FarSpawn): void;
  /** Give a slot back to the scheduler that deals it out. */
  freeSlot(worker: number, number: number): void;
  /** A mailbox that refused messages from afar has room again. */
  reopen(process: Process): void;

  /** A scheduler that wants work, or -1. */
  hungry(): number;
  /** Whether processes of a host may be given to a scheduler. */
  mayRunOn(host: { readonly pinned: boolean; readonly workers: number }, scheduler: number): boolean;
  /** From now on nobody else gives to a hungry scheduler. False: somebody was faster. */
  claim(scheduler: number): boolean;
  /** There was nothing to give after all. */
  unclaim(scheduler: number): void;
  /** A process here sends something that is not delivered at once: see `quietEpoch`. */
  sends(process: Process): void;
  /** The last epoch (`Process.sentAt`) of which everything that was sent to other schedulers was delivered. */
  quietEpoch(): number;
  /** Hand processes over that are in no queue, together; answers those that could not be packed and stay. */
  give(processes: readonly Process[], taker: number): Process[];

  /** Take in what others sent. */
  exchange(): void;
  /** Let others see what was sent. */
  publish(): void;
  /** Nothing to do: say so, and wait a very short while for others; whether something came. */
  linger(): boolean;
  /** About to rest: false if something came at the last moment. */
  sleep(): boolean;
}

/** The value of the word at `attentionAt` when this scheduler should look. */
export const CALLED = 2;
