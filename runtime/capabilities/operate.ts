/**
 * One call of an operation, the same for every language: arguments, policies, rate, and then the work. What is refused by
 * one of the first three has done nothing.
 */
import type { Payload } from '../payload/payload.ts';
import type { BoundOperation, CallContext, Worked } from './capability.ts';
import { readArguments } from './read_arguments.ts';

/** What `run` of the operation gives. Throws a TroupeError: INVALID, PERMISSION_DENIED, RATE_LIMITED, or the operation's own. */
export function operate(context: CallContext, operation: BoundOperation, args: readonly Payload[]): Worked {
  if (operation.plain) return operation.definition.run(context, operation.settings as never, args as never);
  return checkAndOperate(context, operation, args);
}

function checkAndOperate(context: CallContext, operation: BoundOperation, args: readonly Payload[]): Worked {
  const { rate } = operation;
  const read = operation.args.length === 0 ? args : readArguments(operation.args, args, operation.title);
  if (operation.guarded) askPolicies(context, operation, read);
  if (rate !== undefined) {
    const refused = context.rates?.enter(rate, context.clock.unix());
    if (refused !== undefined) throw refused;
  }
  return operation.definition.run(context, operation.settings as never, read as never);
}

function askPolicies(context: CallContext, operation: BoundOperation, args: readonly unknown[]): void {
  if (context.allows === undefined) return;
  const { definition, settings, capability } = operation;
  if (definition.guards === undefined) {
    const resource = typeof args[0] === 'string' ? args[0] : capability;
    const refused = context.allows(definition.action as string, resource);
    if (refused !== undefined) throw refused;
    return;
  }
  for (const { action, resource, meta } of definition.guards(context, settings as never, args as never)) {
    const refused = context.allows(action, resource, meta);
    if (refused !== undefined) throw refused;
  }
}
