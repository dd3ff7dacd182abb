/**
 * `uuid`: identifiers of RFC 9562. Time and chance come from the runtime's clock seam, so that a seeded run repeats
 * itself; where somebody might want to guess an identifier, `crypto.random_uuid` is the one to take.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Payload } from '../payload/payload.ts';
import { invalid } from './arguments.ts';
import { type CapabilityDefinition, operation, type OperationDefinition } from './capability.ts';
import { any, optional, text, word } from './parameters.ts';

const settings = z.strictObject({});

const HEX = '[0-9a-f]';
const DASHED = `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`;
const WRITTEN = new RegExp(`^(?:(?:urn:uuid:)?${DASHED}|\\{${DASHED}\\}|${HEX}{32})$`, 'i');

/** 100-nanosecond steps from 1582-10-15, where version 1 begins to count, to 1970. */
const GREGORIAN_STEPS = 122_192_928_000_000_000n;

export const uuidCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'uuid',
  summary: 'Unique identifiers: made, checked, taken apart',
  settings,
  grantedByDefault: true,
  operations: {
    v1: {
      summary: 'From the time and a random node',
      args: [],
      mode: 'sync',
      run: context => fromTime(context.clock),
    },
    v3: named('v3', 'md5', 3, 'From a namespace (a UUID) and a name, by MD5: the same for the same two'),
    v4: {
      summary: 'Random',
      args: [],
      mode: 'sync',
      run: context => show(stamp(randomUuid(context.clock), 4)),
    },
    v5: named('v5', 'sha1', 5, 'From a namespace (a UUID) and a name, by SHA-1: the same for the same two'),
    v7: {
      summary: 'From the time and chance; later ones sort after earlier ones',
      args: [],
      mode: 'sync',
      run: context => sortable(context.clock),
    },
    validate: operation({
      summary: 'Whether a value is a UUID in one of the forms that are read',
      args: [any('value')],
      mode: 'sync',
      run: (_context, _settings, [value]) => typeof value === 'string' && WRITTEN.test(value),
    }),
    version: operation({
      summary: 'Version of a UUID',
      args: [text('uuid')],
      mode: 'sync',
      run: (_context, _settings, [uuid]) => versionOf(read(uuid, 'uuid.version', 'uuid')),
    }),
    variant: operation({
      summary: 'Variant of a UUID: RFC4122 for all of today',
      args: [text('uuid')],
      mode: 'sync',
      run: (_context, _settings, [uuid]) => variantOf(read(uuid, 'uuid.variant', 'uuid')),
    }),
    parse: operation({
      summary: 'What is in a UUID: version, variant, timestamp (v1 and v7: unix seconds), node (v1)',
      args: [text('uuid')],
      mode: 'sync',
      run: (_context, _settings, [uuid]) => describe(read(uuid, 'uuid.parse', 'uuid')),
    }),
    format: operation({
      summary: 'A UUID as standard (default), simple (no dashes) or urn',
      args: [text('uuid'), optional(word('form', ['standard', 'simple', 'urn']), 'standard')],
      mode: 'sync',
      run: (_context, _settings, [uuid, form]) => {
        const standard = show(read(uuid, 'uuid.format', 'uuid'));
        if (form === 'urn') return `urn:uuid:${standard}`;
        return form === 'simple' ? standard.replaceAll('-', '') : standard;
      },
    }),
  },
};

function named(
  name: string,
  algorithm: 'md5' | 'sha1',
  version: number,
  summary: string,
): OperationDefinition<z.infer<typeof settings>> {
  return operation({
    summary,
    args: [text('namespace'), text('name')],
    mode: 'sync',
    run: (_context, _settings, [namespace, within]) => {
      const hash = createHash(algorithm).update(read(namespace, `uuid.${name}`, 'namespace'));
      return show(stamp(hash.update(within, 'utf8').digest().subarray(0, 16), version));
    },
  });
}

function randomUuid(clock: Clock): Buffer {
  const bytes = Buffer.alloc(16);
  for (let i = 0; i < 16; i++) bytes[i] = Math.floor(clock.random() * 256);
  return bytes;
}

/** Set version and variant. */
function stamp(bytes: Buffer, version: number): Buffer {
  bytes[6] = (bytes[6] & 0x0f) | (version << 4);
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes;
}

/** The node is random, hence its multicast bit (RFC 9562 section 6.10): a real one would name the machine. */
function fromTime(clock: Clock): string {
  const bytes = randomUuid(clock);
  const steps = BigInt(Math.floor(clock.unix() * 1e4)) + GREGORIAN_STEPS;
  bytes.writeUInt32BE(Number(steps & 0xffff_ffffn), 0);
  bytes.writeUInt16BE(Number((steps >> 32n) & 0xffffn), 4);
  bytes.writeUInt16BE(Number((steps >> 48n) & 0x0fffn), 6);
  bytes[10] |= 0x01;
  return show(stamp(bytes, 1));
}

/** Twelve bits hold the fraction of the millisecond, so that those of one millisecond are in order, too. */
function sortable(clock: Clock): string {
  const bytes = randomUuid(clock);
  const unix = clock.unix();
  const milliseconds = Math.floor(unix);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes.writeUInt16BE(Math.floor((unix - milliseconds) * 4096), 6);
  return show(stamp(bytes, 7));
}

function read(text: string, operation: string, name: string): Buffer {
  if (!WRITTEN.test(text)) {
    throw invalid(operation, `${name} is not a UUID; write it like "6ba7b810-9dad-11d1-80b4-00c04fd430c8"`);
  }
  return Buffer.from(text.replace(/^urn:uuid:/i, '').replace(/[-{}]/g, ''), 'hex');
}

function show(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function versionOf(bytes: Buffer): number {
  return bytes[6] >> 4;
}

/** By the name that most libraries use; RFC 9562 keeps the bits of RFC 4122. */
function variantOf(bytes: Buffer): string {
  const bits = bytes[8];
  if ((bits & 0x80) === 0) return 'NCS';
  if ((bits & 0xc0) === 0x80) return 'RFC4122';
  return (bits & 0xe0) === 0xc0 ? 'Microsoft' : 'Future';
}

function describe(bytes: Buffer): { [key: string]: Payload } {
  const version = versionOf(bytes);
  const about: { [key: string]: Payload } = { version, variant: variantOf(bytes) };
  if (version === 7) about.timestamp = Math.floor(bytes.readUIntBE(0, 6) / 1e3);
  if (version === 1) {
    const low = BigInt(bytes.readUInt32BE(0));
    const middle = BigInt(bytes.readUInt16BE(4));
    const high = BigInt(bytes.readUInt16BE(6) & 0x0fff);
    const steps = (high << 48n) | (middle << 32n) | low;
    about.timestamp = Number((steps - GREGORIAN_STEPS) / 10_000_000n);
    about.node = (bytes.subarray(10).toString('hex').match(/../g) as string[]).join(':');
  }
  return about;
}
