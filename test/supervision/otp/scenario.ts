/**
 * A tree of supervisors and what is done to it: plain data that both sides play. What a side answers are lines of text,
 * the same on both sides (README.md lists them), so that comparing is comparing texts.
 */

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';
export type Restart = 'permanent' | 'transient' | 'temporary';
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

/**
 * What a worker does when its supervisor asks it to stop. `listens`: it ends. `deaf`: it has never asked for its events
 * (in Erlang: does not trap exits). `ignores`: it sees that it is asked and goes on.
 */
export type Manner = 'listens' | 'deaf' | 'ignores';

export interface Worker {
  readonly type: 'worker';
  /** Unique in the tree. */
  readonly key: string;
  readonly manner: Manner;
  readonly restart: Restart;
  readonly significant: boolean;
  /** Milliseconds; 0: terminated without being asked (`brutal_kill`). */
  readonly shutdown: number | 'infinity';
}

export interface Supervisor {
  readonly type: 'supervisor';
  readonly key: string;
  /** As a child; of the root these mean nothing. */
  readonly restart: Restart;
  readonly significant: boolean;
  readonly strategy: Strategy;
  /** More restarts than this within `PERIOD` and it gives up. */
  readonly max: number;
  readonly autoShutdown: AutoShutdown;
  /** In the order of their start; of `simple_one_for_one` the one template, a worker. */
  readonly children: readonly Node[];
}

export type Node = Worker | Supervisor;

/** Seconds. OTP 25 reads whole seconds: what is less than this apart counts, what is this and one more apart does not. */
export const PERIOD = 2;
/** Milliseconds: long enough for every restart before it to be forgotten. */
export const PAUSE = PERIOD * 1000 + 1100;
/** Milliseconds of `shutdown` where it is neither 0 nor `infinity`. */
export const SHUTDOWN = 25;

/** `asked`: to end, by somebody who is not its supervisor. */
export type How = 'normal' | 'error' | 'kill' | 'asked';

export interface Victim {
  readonly key: string;
  readonly how: How;
}

/** How many of the next starts of a worker fail, by key. */
export type Failing = { readonly [key: string]: number };

/** Workers are named by their keys; those of `simple_one_for_one` are `template/extra`. */
export type Step =
  /** All children of one supervisor, which sees the first end when the last has ended. */
  | { readonly do: 'end'; readonly under: string; readonly victims: readonly Victim[]; readonly failing: Failing }
  | { readonly do: 'kill'; readonly supervisor: string; readonly failing: Failing }
  | { readonly do: 'start_child'; readonly supervisor: string; readonly child: Node; readonly failing: Failing }
  | { readonly do: 'start_dynamic'; readonly supervisor: string; readonly extra: string; readonly failing: Failing }
  | { readonly do: 'terminate_child' | 'delete_child'; readonly supervisor: string; readonly key: string }
  | {
      readonly do: 'restart_child';
      readonly supervisor: string;
      readonly key: string;
      readonly failing: Failing;
    }
  | { readonly do: 'count_children'; readonly supervisor: string }
  | { readonly do: 'pause' };

export interface Scenario {
  readonly root: Supervisor;
  /** At the first start of the tree. */
  readonly failing: Failing;
  readonly steps: readonly Step[];
}
