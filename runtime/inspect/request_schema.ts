/** The lines of a client, to be checked. A client only needs the types, and is not to load the schemas. */
import { z } from 'zod';
import { MOST_CHANGES } from '../live/change.ts';
import { POLICIES } from '../live/policy.ts';
import { LONGEST_REQUEST, MOST_ROWS } from './protocol.ts';

/** The first line of a client. */
export const greeting = z.strictObject({ hello: z.int() });

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
