/**
 * How alarmed to be: normal, elevated, critical. Time is the time of the log (`time` events), not the clock on the wall, so
 * that a log of last year gives the same levels however fast it is read.
 *
 * A critical alert, or the third one since the level last went down, makes it critical; any alert makes it elevated.
 * Without alerts it goes down one step: after 10 minutes from critical, after 15 from elevated.
 */
import { assign, setup } from 'xstate';
import { sendMessage } from 'troupe/sdk/xstate';
import type { LevelChange, LevelName } from './protocol.ts';

const MINUTE = 60;
const MANY_ALERTS = 3;

interface Context {
  /** PID that is told about each change. */
  job: string;
  /** The log's clock, unix seconds. */
  now: number;
  /** The last alert, or the last step down. */
  quietSince: number;
  /** Alerts since the last step down. */
  alerts: number;
  history: LevelChange[];
}

type LevelEvent =
  | { type: 'begin' | 'time'; payload: { at: number } }
  | { type: 'alert' | 'still'; payload: { severity: string } }
  | { type: 'finish' };

/** Seconds without alerts after which a level is left. */
const COOL_DOWN = { critical: 10 * MINUTE, elevated: 15 * MINUTE };

const level = setup({
  types: {} as { context: Context; events: LevelEvent; input: { job: string }; output: LevelChange[] },
  guards: {
    severe: ({ context, event }) =>
      event.type === 'alert' && (event.payload.severity === 'critical' || context.alerts + 1 >= MANY_ALERTS),
    quiet: ({ context }, after: number) => context.now - context.quietSince >= after,
  },
  actions: {
    setClock: assign(({ event }) => (event.type === 'begin' || event.type === 'time' ? { now: event.payload.at } : {})),
    alerted: assign(({ context }) => ({ quietSince: context.now, alerts: context.alerts + 1 })),
    heard: assign(({ context }) => ({ quietSince: context.now })),
    entered: assign(({ context }, state: LevelName) => ({ history: [...context.history, { at: context.now, state }] })),
    /** However late it is noticed, a level ends when its time was over. */
    sank: assign(({ context }, { state, after }: { state: LevelName; after: number }) => {
      const at = context.quietSince + after;
      return { quietSince: at, alerts: 0, history: [...context.history, { at, state }] };
    }),
    tell: sendMessage<Context, LevelEvent>(
      ({ context }) => context.job,
      'level',
      ({ context }: { context: Context }) => context.history[context.history.length - 1],
    ),
  },
});

const toElevated = {
  target: 'elevated',
  actions: ['alerted', { type: 'entered', params: 'elevated' }, 'tell'],
} as const;
const toCritical = {
  guard: 'severe',
  target: 'critical',
  actions: ['alerted', { type: 'entered', params: 'critical' }, 'tell'],
} as const;

/** The result of the process is the list of changes, the first of them the level at the beginning of the log. */
export default level.createMachine({
  id: 'level',
  context: ({ input }) => ({ job: input.job, now: 0, quietSince: 0, alerts: 0, history: [] }),
  initial: 'waiting',
  on: {
    time: { actions: 'setClock' },
    still: { actions: 'heard' },
    finish: '.finished',
  },
  states: {
    /** No request yet. */
    waiting: {
      on: { begin: { target: 'normal', actions: ['setClock', { type: 'entered', params: 'normal' }, 'tell'] } },
    },
    normal: {
      on: { alert: [toCritical, toElevated] },
    },
    elevated: {
      on: { alert: [toCritical, { actions: 'alerted' }] },
      always: {
        guard: { type: 'quiet', params: COOL_DOWN.elevated },
        target: 'normal',
        actions: [{ type: 'sank', params: { state: 'normal', after: COOL_DOWN.elevated } }, 'tell'],
      },
    },
    critical: {
      on: { alert: { actions: 'alerted' } },
      always: {
        guard: { type: 'quiet', params: COOL_DOWN.critical },
        target: 'elevated',
        actions: [{ type: 'sank', params: { state: 'elevated', after: COOL_DOWN.critical } }, 'tell'],
      },
    },
    finished: { type: 'final' },
  },
  output: ({ context }) => context.history,
});
