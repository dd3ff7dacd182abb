/**
 * The audit trail: every denial, and on request every grant, as one record (semantics section 8: every decision can be
 * asked for). A program that is denied the same again and again gets one record a second, which counts the others, and
 * nobody gets the trail to take more than so many records a second.
 */
import type { Clock } from '../clock.ts';
import type { LogSink } from '../logger.ts';
import { packExact, unpackExact } from '../payload/messagepack.ts';
import type { Payload } from '../payload/payload.ts';
import type { Meta, Verdict } from './authority.ts';
import type { Actor, Scope } from './identity.ts';
import { shortened } from './shortened.ts';

export interface AuditRecord {
  /** Unix time in seconds, with fraction. */
  readonly at: number;
  readonly pid: string;
  /** Registry id of the entry that asked. */
  readonly id: string;
  /** The host it runs on. */
  readonly host: string;
  readonly actor: Actor | undefined;
  readonly scope: Scope | undefined;
  readonly action: string;
  readonly resource: string;
  readonly meta: { readonly [key: string]: Payload };
  readonly effect: 'allow' | 'deny';
  /** The policy that decided, if one did. */
  readonly policy: string | undefined;
  /** What of it, or of the host's settings, decided. */
  readonly rule: string | undefined;
  /** One sentence for people. */
  readonly why: string;
  /** How many equal records were left out since the last one like it. */
  readonly repeated: number;
  /** How many records of any kind were left out since the last one, because there were too many. */
  readonly dropped: number;
}

/** Who asks; a process is one. */
export interface Asker {
  readonly pid: string;
  readonly id: string;
}

/** For whom, and where; an authority is one. */
export interface Standing {
  readonly border: { readonly id: string };
  readonly actor: Actor | undefined;
  readonly scope: Scope | undefined;
}

/** Milliseconds in which equal records are counted and not written. */
const QUIET = 1000;
/** Records of one effect a second, at most. */
const MOST = 1000;
/** Kinds of records that are told apart at a time. */
const DISTINCT = 1000;

export class Audit {
  /** Whether what is allowed is recorded as well. */
  readonly grants: boolean;
  readonly #clock: Clock;
  readonly #write: (record: AuditRecord) => void;
  readonly #recent = new Map<string, { until: number; repeated: number }>();
  #second = 0;
  /** A program that is allowed much must not get denials dropped. */
  readonly #written = { allow: 0, deny: 0 };
  #dropped = 0;

  constructor(clock: Clock, grants: boolean, write: (record: AuditRecord) => void) {
    this.#clock = clock;
    this.grants = grants;
    this.#write = write;
  }

  note(asker: Asker, standing: Standing, action: string, resource: string, meta: Meta, verdict: Verdict): void {
    const now = this.#clock.now();
    const key = `${asker.pid}\n${action}\n${verdict.allowed}\n${resource.length}\n${shortened(resource)}`;
    const recent = this.#recent.get(key);
    if (recent !== undefined && now < recent.until) {
      recent.repeated++;
      return;
    }
    if (now - this.#second >= QUIET) {
      this.#second = now;
      this.#written.allow = 0;
      this.#written.deny = 0;
    }
    const effect = verdict.allowed ? 'allow' : 'deny';
    if (++this.#written[effect] > MOST) {
      this.#dropped++;
      return;
    }
    if (this.#recent.size >= DISTINCT) this.#recent.clear();
    this.#recent.set(key, { until: now + QUIET, repeated: 0 });
    this.#write({
      at: this.#clock.unix() / 1000,
      pid: asker.pid,
      id: asker.id,
      host: standing.border.id,
      actor: standing.actor,
      scope: standing.scope,
      action,
      resource: shortened(resource),
      meta: shortenedMeta(meta),
      effect,
      policy: verdict.policy,
      rule: verdict.rule,
      why: shortened(verdict.why),
      repeated: recent?.repeated ?? 0,
      dropped: this.#dropped,
    });
    this.#dropped = 0;
  }
}

/** Its texts, of which a program may have chosen some; what lies deeper is not for records. */
function shortenedMeta(meta: Meta): Meta {
  const short = Object.entries(meta).map(([key, value]) => [key, typeof value === 'string' ? shortened(value) : value]);
  return Object.fromEntries(short);
}

/** For the way to another thread. */
export function packAudit(record: AuditRecord): Uint8Array {
  return packExact(record as unknown as Payload);
}

export function unpackAudit(bytes: Uint8Array): AuditRecord {
  return unpackExact(bytes) as unknown as AuditRecord;
}

/** A record as a line of the log. */
export function logAudit(log: LogSink, record: AuditRecord): void {
  const level = record.effect === 'deny' ? 'warn' : 'info';
  if (!log.enabled(level)) return;
  const { action, resource, why, id, pid, host, actor, policy, rule, repeated, dropped } = record;
  const fields: { [key: string]: Payload } = { host };
  if (actor !== undefined) fields.actor = shortened(actor.id);
  if (policy !== undefined) fields.policy = policy;
  if (rule !== undefined) fields.rule = rule;
  if (repeated > 0) fields.repeated = repeated;
  if (dropped > 0) fields.dropped = dropped;
  const verb = record.effect === 'deny' ? 'denied' : 'allowed';
  log.log(level, `${verb} "${action}" of "${resource}": ${why}`, fields, { id, pid });
}
