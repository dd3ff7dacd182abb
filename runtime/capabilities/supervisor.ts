/**
 * `supervisor`: supervisors made by programs, and what can be asked of any supervisor (semantics section 7). A supervisor
 * works on one thing at a time, so every answer has to be waited for.
 */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import type { SpawnRequest } from '../machine.ts';
import type { Payload } from '../payload/payload.ts';
import { requestOf } from '../supervision/entries.ts';
import type { Question } from '../supervision/request.ts';
import { callOfSupervisor } from '../supervision/supervisor_call.ts';
import { startOfSupervisor } from '../supervision/supervisor_start.ts';
import { type CallContext, type CapabilityDefinition, operation, type OperationDefinition } from './capability.ts';
import { any, optional, text } from './parameters.ts';
import { readChild, readSpecification } from './supervisor_specification.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** Changes something, or only looks. */
type Action = 'supervisor.control' | 'supervisor.read';

export const supervisorCapability: CapabilityDefinition<Settings> = {
  name: 'supervisor',
  summary: 'Processes that start, restart and stop others: to make them, and to ask them',
  settings,
  grantedByDefault: true,
  operations: {
    start: operation({
      summary:
        'Make a supervisor, which ends with the process that made it; answers its PID once all children have started',
      args: [any('specification')],
      action: 'supervisor.start',
      guards: () => [{ action: 'supervisor.start', resource: 'supervisor' }],
      mode: 'exec',
      run: (context, _settings, [given]) => {
        const specification = readSpecification(context, given, 'supervisor.start');
        return startOfSupervisor(specification, context.pid, context.hostOfBuiltIn!);
      },
    }),
    start_child: operation({
      summary:
        'Add a child and start it: an id or {process, ...}; of simple_one_for_one a list of further arguments. Answers {key, pid}',
      args: [text('supervisor'), optional(any('child'), [])],
      ...asked('supervisor.control'),
      run: (context, _settings, [supervisor, given]) => {
        const pid = reach(context, 'supervisor.control', supervisor);
        if (Array.isArray(given)) {
          return callOfSupervisor(pid, { verb: 'start_child', child: undefined, input: given as readonly Payload[] });
        }
        const child = readChild(context, given, 'supervisor.start_child', 'child');
        // Nobody gets a supervisor to start what one could not start oneself.
        const request = { ...requestOf(child, context.entries ?? new Map(), undefined), link: true };
        const refused = context.refuseSpawn?.(request);
        if (refused !== undefined) throw refused;
        return callOfSupervisor(pid, { verb: 'start_child', child, input: [] });
      },
    }),
    terminate_child: ofChild(
      'terminate_child',
      'Stop a child, by its key or PID, as its shutdown says; it is kept unless it is temporary',
    ),
    restart_child: ofChild('restart_child', 'Start a child that does not run again; answers its PID'),
    delete_child: ofChild('delete_child', 'Forget a child that does not run'),
    children: ofAll(
      'children',
      'The children in the order of their start: {key, pid, process, kind, state, restart, restarts, significant, error}',
    ),
    count: ofAll('count', 'How many children there are: {children, active, supervisors, workers}'),
    stop: operation({
      summary: 'Stop a supervisor and its children, and wait until they have ended',
      args: [text('supervisor'), optional(text('reason'), '')],
      ...asked('supervisor.control'),
      run: (context, _settings, [supervisor, reason]) =>
        call(context, 'supervisor.control', supervisor, { verb: 'stop', reason }),
    }),
  },
};

/** Asked in `run`, where it is known whom a name means. */
function asked(action: Action) {
  return { action, guards: () => [], mode: 'exec' as const };
}

function ofChild(
  verb: 'terminate_child' | 'restart_child' | 'delete_child',
  summary: string,
): OperationDefinition<Settings> {
  return operation({
    summary,
    args: [text('supervisor'), text('child')],
    ...asked('supervisor.control'),
    run: (context, _settings, [supervisor, child]) => call(context, 'supervisor.control', supervisor, { verb, child }),
  });
}

function ofAll(verb: 'children' | 'count', summary: string): OperationDefinition<Settings> {
  return operation({
    summary,
    args: [text('supervisor')],
    ...asked('supervisor.read'),
    run: (context, _settings, [supervisor]) => call(context, 'supervisor.read', supervisor, { verb }),
  });
}

function call(context: CallContext, action: Action, supervisor: string, question: Question): SpawnRequest {
  return callOfSupervisor(reach(context, action, supervisor), question);
}

/** The PID of a supervisor that the caller may do that to; throws why it may not. */
function reach(context: CallContext, action: Action, supervisor: string): string {
  const pid = context.reach!(action, supervisor);
  if (pid instanceof TroupeError) throw pid;
  return pid;
}
