/**
 * What a supervisor is told (semantics section 7), as the keys of a validated `process.supervisor`: data alone, so that it
 * can be an argument and part of a request. Every default is here.
 */
import type { Payload } from '../payload/payload.ts';
import type { FallbackTo } from './fallback.ts';

export const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const RESTARTS = ['permanent', 'transient', 'temporary'] as const;
export type Restart = (typeof RESTARTS)[number];

export const AUTO_SHUTDOWNS = ['never', 'any_significant', 'all_significant'] as const;
export type AutoShutdown = (typeof AUTO_SHUTDOWNS)[number];

/** As they are written. */
export const SUPERVISION_DEFAULTS = {
  strategy: 'one_for_one',
  /** More restarts than `max` within `within`: the supervisor gives up. */
  max: 3,
  within: '5s',
  restart: 'permanent',
  significant: false,
  fallback: 'none',
} as const;

/** Milliseconds. */
const USUAL_BOUND = 10_000;

/**
 * How long a child may take to end and to start, where nothing else was said. A supervisor needs the time that its own
 * children need, each of which has a bound of its own.
 */
export function boundsOf(
  isSupervisor: boolean,
  shutdown: number | undefined,
  startTimeout: number | undefined,
): Pick<ChildSpecification, 'shutdown' | 'start_timeout'> {
  const usual = isSupervisor ? Number.POSITIVE_INFINITY : USUAL_BOUND;
  return { shutdown: shutdown ?? usual, start_timeout: startTimeout ?? usual };
}

/** Stands for no bound, where a time is expected. */
export const INFINITY = 'infinity';

export interface SupervisorSpecification {
  readonly strategy: Strategy;
  /** More than `max` restarts within `within` milliseconds: it gives up. */
  readonly intensity: { readonly max: number; readonly within: number };
  readonly auto_shutdown: AutoShutdown;
  /** In the order of their start; `simple_one_for_one`: the one template of all children. */
  readonly children: readonly ChildSpecification[];
}

export interface ChildSpecification {
  /** Full id of a program, a service or a supervisor. */
  readonly process: string;
  /** Undefined: the one that a spawn without a host means; services bring their own. */
  readonly host: string | undefined;
  /** The arguments of the method; services bring their own. */
  readonly input: readonly Payload[];
  /** Registered for it, and its key; undefined: its key is `process`, numbered where it repeats. */
  readonly name?: string;
  readonly restart: Restart;
  /** Milliseconds from CANCEL to the end by force; 0: by force at once; Infinity: never by force. */
  readonly shutdown: number;
  /** Milliseconds that it may take until it waits for the first time. */
  readonly start_timeout: number;
  readonly significant: boolean;
  /** `previous`: where new code fails within `intensity.within`, the code before it is started instead. */
  readonly fallback: FallbackTo;
  readonly kind: 'worker' | 'supervisor';
}
