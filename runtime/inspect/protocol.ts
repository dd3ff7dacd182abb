/** What client and runtime say to one another, a line of JSON each. The document of it is `README.md` beside this file. */
import { z } from 'zod';
import type { ErrorKind } from '../errors.ts';
import { POLICIES } from '../live/rollout.ts';
import { MOST_CHANGES } from '../live/change.ts';
import type { Problem } from '../registry/problem.ts';

export const PROTOCOL = 1;

/** Bytes of one line, without its end. */
export const LONGEST_REQUEST = 1 << 20;
export const LONGEST_ANSWER = 1 << 26;
/** Rows of one list. */
export const MOST_ROWS = 10_000;

/** The first line of a client. */
export const greeting = z.strictObject({ hello: z.int() });

/** The first line of a runtime. */
export interface Hello {
  readonly protocol: number;
  /** Folder of the deployment: absolute, without links. */
  readonly root: string;
  /** Of the operating system's process. */
  readonly pid: number;
  /** Unix time in seconds at which it began to listen. */
  readonly since: number;
}

const id = z.int().nonnegative();
const text = z.string().min(1).max(10_000);

const version = z.int().nonnegative();
/** How a change of the registry is made. */
const changing = { if_version: version.optional(), note: text.optional(), dry_run: z.boolean().default(false) };

/** What a line of JSON can hold needs no further check, and may be nested too deeply for one. */
export const request = z.discriminatedUnion('ask', [
  z.strictObject({
    id,
    ask: z.literal('ps'),
    host: text.optional(),
    entry: text.optional(),
    limit: z.int().min(1).max(MOST_ROWS).default(1_000),
  }),
  z.strictObject({ id, ask: z.literal('inspect'), process: text }),
  z.strictObject({
    id,
    ask: z.literal('why'),
    process: text,
    action: text,
    resource: text,
    meta: z.record(z.string(), z.unknown()).default({}),
  }),
  z.strictObject({ id, ask: z.literal('send'), to: text, topic: text, payloads: z.array(z.unknown()).max(1_000) }),
  z.strictObject({ id, ask: z.literal('cancel'), to: text, reason: text.optional() }),
  z.strictObject({ id, ask: z.literal('terminate'), to: text }),
  z.strictObject({ id, ask: z.literal('registry.list') }),
  z.strictObject({
    id,
    ask: z.literal('registry.set'),
    yaml: z.string().max(LONGEST_REQUEST),
    name: text,
    ...changing,
  }),
  z.strictObject({ id, ask: z.literal('registry.remove'), ids: z.array(text).min(1).max(MOST_CHANGES), ...changing }),
  z.strictObject({ id, ask: z.literal('registry.undo'), version: version.optional(), ...changing }),
  z.strictObject({ id, ask: z.literal('registry.history') }),
  z.strictObject({ id, ask: z.literal('registry.diff'), from: version, to: version.optional() }),
  z.strictObject({ id, ask: z.literal('registry.export') }),
  z.strictObject({
    id,
    ask: z.literal('upgrade'),
    target: text.optional(),
    policy: z.enum(POLICIES).default('restart'),
    /** Milliseconds. */
    stable: z.number().nonnegative().optional(),
    dry_run: z.boolean().default(false),
  }),
  z.strictObject({ id, ask: z.literal('services') }),
  z.strictObject({ id, ask: z.literal('start'), service: text }),
  z.strictObject({ id, ask: z.literal('stop'), service: text }),
  z.strictObject({ id, ask: z.literal('restart'), service: text }),
]);

/** As it is after checking. */
export type Request = z.output<typeof request>;
/** As a client writes it. */
export type RequestWithoutId =
  z.input<typeof request> extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never;

export interface ShownError {
  readonly kind: ErrorKind;
  readonly message: string;
  /** What is wrong with the deployment that a change would have made. */
  readonly problems?: readonly Problem[];
}

/** `id`: of the request; null where the line was none. */
export type Reply =
  | { readonly id: number | null; readonly value: unknown }
  | { readonly id: number | null; readonly error: ShownError };
