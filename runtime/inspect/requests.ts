/** What a runtime does for whoever may open its socket. */
import { SYSTEM_HOST } from '../hosts/host.ts';
import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { pidPrefix } from '../pid.ts';
import type { Request } from './protocol.ts';
import type { Survey } from './survey.ts';

/** A line of JSON holds nothing that is no payload. */
type Json = { readonly [key: string]: Payload };

/** What of a runtime is needed: its calls are those of its owner. */
export interface Controlled {
  readonly scheduler: Scheduler;
  send(dest: string, topic: string, ...payloads: unknown[]): TroupeError | undefined;
  cancel(dest: string, reason?: string): TroupeError | undefined;
  terminate(dest: string): TroupeError | undefined;
}

/** Answers plain data, or throws a TroupeError. */
export async function answerRequest(request: Request, runtime: Controlled, survey: Survey): Promise<unknown> {
  switch (request.ask) {
    case 'ps':
      return survey.list(request);
    case 'inspect':
      return survey.details(request.process);
    case 'why':
      return survey.explain(request.process, request.action, request.resource, request.meta as Json);
    case 'send':
      return act(runtime, request.to, pid => runtime.send(pid, request.topic, ...request.payloads));
    case 'cancel':
      return act(runtime, request.to, pid => runtime.cancel(pid, request.reason));
    case 'terminate':
      return act(runtime, request.to, pid => runtime.terminate(pid));
  }
}

/** The PID that it was done to. */
function act(
  { scheduler }: Controlled,
  dest: string,
  how: (pid: string) => TroupeError | undefined,
): { readonly pid: string } {
  const pid = scheduler.locate(dest);
  if (typeof pid !== 'string') throw pid;
  if (pid.startsWith(pidPrefix(SYSTEM_HOST))) throw ofTheRuntime(pid);
  const error = how(pid);
  if (error !== undefined) throw error;
  return { pid };
}

function ofTheRuntime(pid: string): TroupeError {
  return new TroupeError(`${pid} is the runtime itself; stop it with Ctrl-C where it runs, or by SIGTERM`, {
    kind: 'INVALID',
    retryable: false,
  });
}
