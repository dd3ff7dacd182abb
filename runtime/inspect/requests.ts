/** What a runtime does for whoever may open its socket. */
import { SYSTEM_HOST } from '../hosts/host.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { UpgradeReport, UpgradeRequest } from '../live/upgrade.ts';
import type { LiveRegistry } from '../live/live_registry.ts';
import { answerRegistry } from '../live/registry_requests.ts';
import type { Payload } from '../payload/payload.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { pidPrefix } from '../pid.ts';
import type { ServiceStatus } from '../supervision/service.ts';
import type { Request } from './request_schema.ts';
import { type ServiceStarted, serviceRow } from './service_row.ts';
import type { Survey } from './survey.ts';

/** A line of JSON holds nothing that is no payload. */
type Json = { readonly [key: string]: Payload };

/** What of a runtime is needed: its calls are those of its owner. */
export interface Controlled {
  readonly scheduler: Scheduler;
  readonly registry: LiveRegistry;
  send(dest: string, topic: string, ...payloads: unknown[]): TroupeError | undefined;
  cancel(dest: string, reason?: string): TroupeError | undefined;
  terminate(dest: string): TroupeError | undefined;
  readonly services: readonly ServiceStatus[];
  upgrade(request: UpgradeRequest): Promise<UpgradeReport>;
  startService(id: string): Promise<ServiceStatus>;
  stopService(id: string): Promise<readonly string[]>;
  restartService(id: string): Promise<ServiceStatus>;
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
    case 'upgrade': {
      const { target, policy, stable, dry_run } = request;
      return runtime.upgrade({ target, policy, stable, dryRun: dry_run, by: { what: 'command line' } });
    }
    case 'services':
      return { services: runtime.services.map(serviceRow) };
    case 'start':
      return started(runtime, request.service, runtime.startService(request.service));
    case 'stop':
      return { stopped: await runtime.stopService(request.service) };
    case 'restart':
      return started(runtime, request.service, runtime.restartService(request.service));
    default:
      return answerRegistry(request, runtime.registry);
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

/** That a service does not run is no failure of the request. */
async function started(runtime: Controlled, id: string, starting: Promise<ServiceStatus>): Promise<ServiceStarted> {
  const error = await starting.then(
    () => null,
    (thrown: unknown) => toTroupeError(thrown),
  );
  const status = runtime.services.find(service => service.id === id);
  if (status === undefined) throw error;
  return { service: serviceRow(status), error: error && { kind: error.kind, message: error.message } };
}

function ofTheRuntime(pid: string): TroupeError {
  return new TroupeError(`${pid} is the runtime itself; stop it with Ctrl-C where it runs, or by SIGTERM`, {
    kind: 'INVALID',
    retryable: false,
  });
}
