/**
 * `hash`: digests of text (as UTF-8) or bytes, plain and keyed. Hexadecimal text, or bytes where `raw` is true. A key
 * that a program brings along gives it nothing that it could not compute itself, so all of it is granted by default.
 */
import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import { type CapabilityDefinition, operation, type OperationDefinition } from './capability.ts';
import { boolean, bytes, optional } from './parameters.ts';

const settings = z.strictObject({});
type HashSettings = z.infer<typeof settings>;
const RAW = optional(boolean('raw'), false);

type Algorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

const FNV_32_BASIS = 0x811c_9dc5;
const FNV_32_PRIME = 0x0100_0193;
const FNV_64_BASIS = 0xcbf2_9ce4_8422_2325n;

export const hashCapability: CapabilityDefinition<HashSettings> = {
  name: 'hash',
  summary: 'Digests and keyed digests',
  settings,
  grantedByDefault: true,
  operations: {
    md5: digest('md5'),
    sha1: digest('sha1'),
    sha256: digest('sha256'),
    sha512: digest('sha512'),
    hmac_md5: keyed('md5'),
    hmac_sha1: keyed('sha1'),
    hmac_sha256: keyed('sha256'),
    hmac_sha512: keyed('sha512'),
    fnv32: operation({
      summary: 'FNV-1a of 32 bits, a number from 0 to 2^32 - 1',
      args: [bytes('data')],
      mode: 'sync',
      run: (_context, _settings, [data]) => fnv32(data),
    }),
    fnv64: operation({
      summary: 'FNV-1a of 64 bits, a signed 64-bit integer',
      args: [bytes('data')],
      mode: 'sync',
      run: (_context, _settings, [data]) => BigInt.asIntN(64, fnv64(data)),
    }),
  },
};

function digest(algorithm: Algorithm): OperationDefinition<HashSettings> {
  return operation({
    summary: `${algorithm.toUpperCase()} of text or bytes`,
    args: [bytes('data'), RAW],
    mode: 'sync',
    run: (_context, _settings, [data, raw]) => shown(createHash(algorithm).update(data).digest(), raw),
  });
}

function keyed(algorithm: Algorithm): OperationDefinition<HashSettings> {
  return operation({
    summary: `HMAC with ${algorithm.toUpperCase()} of text or bytes`,
    args: [bytes('data'), bytes('secret'), RAW],
    mode: 'sync',
    run: (_context, _settings, [data, secret, raw]) => shown(createHmac(algorithm, secret).update(data).digest(), raw),
  });
}

function shown(digested: Buffer, raw: boolean): string | Uint8Array {
  return raw ? new Uint8Array(digested) : digested.toString('hex');
}

function fnv32(data: Uint8Array): number {
  let hash = FNV_32_BASIS;
  for (let i = 0; i < data.length; i++) hash = Math.imul(hash ^ data[i], FNV_32_PRIME);
  return hash >>> 0;
}

/** In two halves of 32 bits: the prime is 2^40 + 0x1b3. */
function fnv64(data: Uint8Array): bigint {
  let high = Number(FNV_64_BASIS >> 32n) >>> 0;
  let low = Number(FNV_64_BASIS & 0xffff_ffffn) >>> 0;
  for (let i = 0; i < data.length; i++) {
    low = (low ^ data[i]) >>> 0;
    const product = low * 0x1b3;
    const carry = Math.floor(product / 0x1_0000_0000);
    high = (Math.imul(high, 0x1b3) + carry + Math.imul(low, 0x100)) >>> 0;
    low = product >>> 0;
  }
  return (BigInt(high) << 32n) | BigInt(low);
}
