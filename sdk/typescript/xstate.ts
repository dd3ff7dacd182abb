/**
 * For processes that are XState machines: `import { fromEntry, sendMessage } from 'troupe/sdk/xstate'`.
 *
 *     const machine = setup({
 *       actors: { charge: fromEntry<Receipt, Order>('shop:charge') },
 *       actions: { thank: reply('thanks', ({ context }) => context.name) },
 *     }).createMachine({ ... });
 *
 * Messages arrive as events: `type` is the topic, `payload` what was sent, `from` the sender's PID, and the fields of a
 * payload that is an object stand beside them. Process events have the types of `EventKind`. Topics that begin with
 * `xstate.`, `pid.` or `troupe.` get an `@` in front, since only the runtime speaks under these names. The input of the
 * machine is the first argument of the spawn; a final state ends the process with the machine's output.
 */
import type { ActionArgs, AnyEventObject, EventObject, MachineContext } from 'xstate';
import { TroupeError } from '../../runtime/errors.ts';
import { type EntryLogic, type EntryOptions, entryLogic, processOf } from '../../machines/xstate/adapter.ts';
import { raise } from './guest_error.ts';
import { Self } from './self.ts';

export type { EntryLogic, EntryOptions } from '../../machines/xstate/adapter.ts';

/**
 * Actor logic that runs a registry entry, of any language, as a child process: its value comes as the `done` event of
 * the actor, its error as the `error` event. Stopping the actor (leaving the state that invokes it) cancels the child.
 */
export function fromEntry<Output = any, Input = any>(
  id: string,
  options: EntryOptions<Input> = {},
): EntryLogic<Output, Input> {
  return entryLogic<Output, Input>(id, options);
}

/** Whatever an action is given: the system tells which process it belongs to. */
interface InProcess {
  readonly system: unknown;
}

/** The `self` of the process, in custom actions and in `fromPromise` and `fromCallback` actors. */
export function selfOf(args: InProcess): Self {
  const process = processOf(args.system);
  if (process !== undefined) return new Self(process);
  return raise(
    new TroupeError('selfOf takes the arguments of an action or actor of a process.xstate: selfOf({ system })', {
      kind: 'INVALID',
      retryable: false,
    }),
  );
}

type Args<Context extends MachineContext, Event extends EventObject> = ActionArgs<Context, Event, Event>;

/** What can be sent; functions only compute it. */
type Data = string | number | bigint | boolean | null | undefined | object;

/** A value, or how to get it from what the action is given. */
export type From<Context extends MachineContext, Event extends EventObject, T> =
  | T
  | ((args: Args<Context, Event>) => T);

/**
 * An action that sends a message to a PID or name. A receiver that is gone is nobody's fault and ignored; use
 * `selfOf(args).send` to see the error. Throws INVALID for what cannot be sent.
 */
export function sendMessage<Context extends MachineContext = any, Event extends EventObject = AnyEventObject>(
  dest: From<Context, Event, string>,
  topic: From<Context, Event, string>,
  payload?: Data | ((args: Args<Context, Event>) => unknown),
): (args: Args<Context, Event>) => void {
  return args => {
    const sent = selfOf(args).send(given(dest, args), given(topic, args), given(payload, args));
    if (sent !== true && sent.kind === 'INVALID') raise(sent);
  };
}

/** An action that sends a message to whoever sent the event. */
export function reply<Context extends MachineContext = any, Event extends EventObject = AnyEventObject>(
  topic: From<Context, Event, string>,
  payload?: Data | ((args: Args<Context, Event>) => unknown),
): (args: Args<Context, Event>) => void {
  return sendMessage<Context, Event>(senderOf, topic, payload);
}

function senderOf({ event }: { event: EventObject }): string {
  const { from } = event as { from?: unknown };
  if (typeof from === 'string') return from;
  return raise(
    new TroupeError(`reply: event "${event.type}" did not come from a process, so there is nobody to answer`, {
      kind: 'INVALID',
      retryable: false,
    }),
  );
}

function given<Context extends MachineContext, Event extends EventObject, T>(
  from: From<Context, Event, T>,
  args: Args<Context, Event>,
): T {
  return typeof from === 'function' ? (from as (args: Args<Context, Event>) => T)(args) : from;
}
