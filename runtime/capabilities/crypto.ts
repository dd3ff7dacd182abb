/**
 * `crypto`: secrets. Its chance is the operating system's, never the runtime's seam: a key that a seeded run could
 * repeat would be none. Not granted by default, because what it makes and opens is worth guarding.
 */
import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHmac,
  pbkdf2,
  randomBytes,
  randomInt,
  randomUUID,
  timingSafeEqual,
} from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { invalid } from './arguments.ts';
import { type CapabilityDefinition, operation, type OperationDefinition } from './capability.ts';
import { ALGORITHM_NAMES, decodeToken, encodeToken } from './crypto_token.ts';
import { guarded } from './guarded.ts';
import { boolean, bytes, integer, optional, record, text, word } from './parameters.ts';

const settings = z.strictObject({});
type CryptoSettings = z.infer<typeof settings>;

const MOST_BYTES = 1024 * 1024;
const MOST_ITERATIONS = 10_000_000;
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const derive = promisify(pbkdf2);

/** Authenticated encryption by its name, with the lengths in bytes that its keys may have. */
const CIPHERS = {
  aes: { keys: [16, 24, 32], name: (key: number): string => `aes-${key * 8}-gcm` },
  chacha20: { keys: [32], name: (): string => 'chacha20-poly1305' },
} as const;
type Cipher = keyof typeof CIPHERS;

const ALGORITHM = optional(word('algorithm', ALGORITHM_NAMES), 'HS256');
const SEALED = [bytes('data'), bytes('key'), optional(bytes('additional_data'), new Uint8Array(0))] as const;

export const cryptoCapability: CapabilityDefinition<CryptoSettings> = {
  name: 'crypto',
  summary: 'Secrets: random keys, encryption, signed tokens',
  settings,
  grantedByDefault: false,
  operations: {
    random_bytes: operation({
      summary: 'So many random bytes, 1 to 1 MiB',
      args: [integer('length', 1, MOST_BYTES)],
      ...guarded('crypto.random', 'bytes'),
      mode: 'sync',
      run: (_context, _settings, [length]) => new Uint8Array(randomBytes(length)),
    }),
    random_string: operation({
      summary: 'So many random characters of an alphabet (default: letters and digits), each as likely as the others',
      args: [integer('length', 1, MOST_BYTES), optional(text('alphabet', 1), ALPHANUMERIC)],
      ...guarded('crypto.random', 'string'),
      mode: 'sync',
      run: (_context, _settings, [length, alphabet]) => {
        const letters = [...alphabet];
        let made = '';
        for (let i = 0; i < length; i++) made += letters[randomInt(letters.length)];
        return made;
      },
    }),
    random_uuid: {
      summary: 'A version 4 UUID that nobody can guess',
      args: [],
      ...guarded('crypto.random', 'uuid'),
      mode: 'sync',
      run: () => randomUUID(),
    },
    hmac_sha256: keyed('sha256'),
    hmac_sha512: keyed('sha512'),
    encrypt_aes: encrypting('aes'),
    decrypt_aes: decrypting('aes'),
    encrypt_chacha20: encrypting('chacha20'),
    decrypt_chacha20: decrypting('chacha20'),
    jwt_encode: operation({
      summary: 'A signed JSON Web Token: HS256 (default), HS384 or HS512',
      args: [record('claims'), bytes('key', 1), ALGORITHM],
      ...guarded('crypto.sign', 'jwt'),
      mode: 'sync',
      run: (_context, _settings, [claims, key, algorithm]) => encodeToken(claims, key, algorithm),
    }),
    jwt_verify: operation({
      summary: 'The claims of a token that this key signed; exp is needed unless require_exp is false',
      args: [text('token'), bytes('key', 1), ALGORITHM, optional(boolean('require_exp'), true)],
      ...guarded('crypto.verify', 'jwt'),
      mode: 'sync',
      run: (context, _settings, [token, key, algorithm, mustExpire]) =>
        decodeToken(token, key, algorithm, mustExpire, context.clock.unix() / 1e3),
    }),
    pbkdf2: operation({
      summary: 'So many bytes of key from a password, by sha256 (default) or sha512',
      args: [
        bytes('password', 1),
        bytes('salt', 1),
        integer('iterations', 1, MOST_ITERATIONS),
        integer('key_length', 1, MOST_BYTES),
        optional(word('hash', ['sha256', 'sha512']), 'sha256'),
      ],
      ...guarded('crypto.derive', 'pbkdf2'),
      mode: 'async',
      run: async (_context, _settings, [password, salt, iterations, length, hash]) =>
        new Uint8Array(await derive(password, salt, iterations, length, hash)),
    }),
    constant_time_compare: operation({
      summary: 'Whether two texts or bytes are the same, in a time that tells nothing about where they differ',
      args: [bytes('a'), bytes('b')],
      mode: 'sync',
      run: (_context, _settings, [a, b]) => a.length === b.length && timingSafeEqual(a, b),
    }),
  },
};

/** Key first, as in most libraries of this kind; `hash.hmac_...` takes the data first. */
function keyed(algorithm: 'sha256' | 'sha512'): OperationDefinition<CryptoSettings> {
  return operation({
    summary: `HMAC with ${algorithm.toUpperCase()}, hexadecimal; the key comes first`,
    args: [bytes('key', 1), bytes('data')],
    ...guarded('crypto.sign', `hmac_${algorithm}`),
    mode: 'sync',
    run: (_context, _settings, [key, data]) => createHmac(algorithm, key).update(data).digest('hex'),
  });
}

function encrypting(cipher: Cipher): OperationDefinition<CryptoSettings> {
  return operation({
    summary: 'Bytes that only the same key, and the same additional data, opens: nonce, ciphertext, tag',
    args: SEALED,
    ...guarded('crypto.encrypt', cipher),
    mode: 'sync',
    run: (_context, _settings, [data, key, additional]) => {
      checkKey(key, `crypto.encrypt_${cipher}`, cipher);
      const nonce = randomBytes(NONCE_BYTES);
      const sealing = createCipheriv(nameOf(cipher, key), key, nonce, { authTagLength: TAG_BYTES });
      sealing.setAAD(additional, { plaintextLength: data.length });
      return new Uint8Array(Buffer.concat([nonce, sealing.update(data), sealing.final(), sealing.getAuthTag()]));
    },
  });
}

function decrypting(cipher: Cipher): OperationDefinition<CryptoSettings> {
  const title = `crypto.decrypt_${cipher}`;
  return operation({
    summary: 'The bytes that were encrypted; INVALID where key, additional data or content are not the same',
    args: SEALED,
    ...guarded('crypto.decrypt', cipher),
    mode: 'sync',
    run: (_context, _settings, [data, key, additional]) => {
      checkKey(key, title, cipher);
      if (data.length < NONCE_BYTES + TAG_BYTES) throw cannotOpen(title);
      const nonce = data.subarray(0, NONCE_BYTES);
      const sealed = data.subarray(NONCE_BYTES, data.length - TAG_BYTES);
      const opening = createDecipheriv(nameOf(cipher, key), key, nonce, { authTagLength: TAG_BYTES });
      opening.setAuthTag(data.subarray(data.length - TAG_BYTES));
      opening.setAAD(additional, { plaintextLength: sealed.length });
      try {
        return new Uint8Array(Buffer.concat([opening.update(sealed), opening.final()]));
      } catch {
        throw cannotOpen(title);
      }
    },
  });
}

/** Node types its modes apart; all of these take a tag and additional data. */
function nameOf(cipher: Cipher, key: Uint8Array): CipherGCMTypes {
  return CIPHERS[cipher].name(key.length) as CipherGCMTypes;
}

function checkKey(key: Uint8Array, operation: string, cipher: Cipher): void {
  const lengths: readonly number[] = CIPHERS[cipher].keys;
  if (lengths.includes(key.length)) return;
  throw invalid(
    operation,
    `key must have ${lengths.join(', ').replace(/, (\d+)$/, ' or $1')} bytes, got ${key.length}`,
  );
}

/** Says nothing about which of them it was: that would help whoever tries. */
function cannotOpen(operation: string): TroupeError {
  return new TroupeError(`${operation}: the data cannot be opened: key, additional data or content are not the same`, {
    kind: 'INVALID',
    retryable: false,
  });
}
