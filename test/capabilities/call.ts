/** Calling an operation the way a machine does, on a clock that stands still. */
import type { CallContext, CapabilityDefinition, Guarded } from '../../runtime/capabilities/capability.ts';
import { grantSchema } from '../../runtime/capabilities/grant.ts';
import { bindOperation } from '../../runtime/capabilities/link.ts';
import { operate } from '../../runtime/capabilities/operate.ts';
import { createServices, type Services } from '../../runtime/capabilities/services.ts';
import type { Clock } from '../../runtime/clock.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Authority, type Border, type Verdict } from '../../runtime/security/authority.ts';
import { actorIn, scopeIn } from '../../runtime/security/identity.ts';
import { policiesOf } from '../../runtime/security/policies.ts';
import type { Entry } from '../../runtime/registry/entry.ts';

/** 2026-01-02T03:04:05.250Z. */
export const NOON = 1_767_323_045_250;

/** Time stands still; chance walks through the given numbers again and again. */
export function stillClock(chances: readonly number[] = [0.5]): Clock {
  let next = 0;
  return {
    now: () => 0,
    unix: () => NOON,
    random: () => chances[next++ % chances.length],
    arm: () => undefined,
    disarm: () => undefined,
    defer: turn => turn(),
    hold: () => () => undefined,
  };
}

/** A process that calls operations; `end` is its end. */
export class Caller implements CallContext {
  readonly pid: string;
  readonly id = 'test:caller';
  readonly host = 'test:host';
  readonly clock: Clock;
  readonly services: Services;
  /** What only some tests give it. */
  values: { readonly [key: string]: Payload } = {};
  entries: ReadonlyMap<string, Entry> = new Map();
  strict = false;
  /** What was put in its mailbox. */
  readonly posted: { readonly topic: string; readonly payload: Payload }[] = [];
  /** What was asked of the policies, `action resource`, and a word for each condition that they see. */
  readonly asked: string[] = [];
  /** Which of these they deny; nobody is asked where it is left out. */
  denies: ((action: string, resource: string) => boolean) | undefined = undefined;
  readonly #releases = new Set<() => void>();

  constructor(given: Partial<Services> = {}, clock: Clock = stillClock(), pid = '{test:host|0x00001}') {
    this.pid = pid;
    this.clock = clock;
    this.services = createServices({ terminal: new MemoryTerminal(), log: silentLog, environment: {}, ...given });
  }

  judge(action: string, resource: string, meta: { readonly [key: string]: Payload } = {}): Verdict {
    const border: Border = { id: this.host, strict: this.strict, operations: undefined, unreachable: new Set() };
    const policies = policiesOf(this.entries);
    return new Authority(border, actorIn(this.values), scopeIn(this.values), policies).judgePolicies(
      action,
      resource,
      meta,
    );
  }

  allows(action: string, resource: string, meta?: Guarded['meta']): TroupeError | undefined {
    if (this.denies === undefined) return undefined;
    const about = meta === undefined ? '' : ` ${JSON.stringify(meta)}`;
    this.asked.push(`${action} ${resource}${about}`);
    if (!this.denies(action, resource)) return undefined;
    return new TroupeError(`denied: ${action} ${resource}`, { kind: 'PERMISSION_DENIED' });
  }

  reach(action: string, dest: string): string | TroupeError {
    return this.allows(action, dest) ?? dest;
  }

  readonly hostOfBuiltIn = this.host;

  onClose(release: () => void): () => void {
    this.#releases.add(release);
    return () => this.#releases.delete(release);
  }

  /** How many things would be released. */
  get open(): number {
    return this.#releases.size;
  }

  post(topic: string, payload: Payload): undefined {
    this.posted.push({ topic, payload });
  }

  end(): void {
    for (const release of [...this.#releases]) release();
    this.#releases.clear();
  }

  /** Settings are given as in YAML and validated first. */
  async call<S>(
    definition: CapabilityDefinition<S>,
    settings: unknown,
    operation: string,
    ...args: Payload[]
  ): Promise<Payload> {
    const granted = grantSchema(definition as CapabilityDefinition).parse(settings);
    const bound = bindOperation(definition.name, operation, definition.operations[operation] as never, granted);
    return (await operate(this, bound, args)) as Payload;
  }
}

/** What a call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ kind: string; message: string }> {
  const { kind, message } = await failureOf(call);
  return { kind, message };
}

/** The error that a call was refused with. */
export async function failureOf(call: Promise<unknown>): Promise<TroupeError> {
  try {
    await call;
  } catch (thrown) {
    if (thrown instanceof TroupeError) return thrown;
    throw thrown;
  }
  throw new Error('the call was expected to be refused');
}
