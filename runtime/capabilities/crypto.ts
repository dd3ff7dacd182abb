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
import type { Payload } from '../payload/payload.ts';
import { bytesArgument, integerArgument, invalid, optionalText, wordArgument } from './arguments.ts';
import type { CapabilityDefinition, OperationDefinition } from './capability.ts';
import { decodeToken, encodeToken } from './crypto_token.ts';

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

export const cryptoCapability: CapabilityDefinition<CryptoSettings> = {
  name: 'crypto',
  summary: 'Secrets: random keys, encryption, signed tokens',
  settings,
  grantedByDefault: false,
  operations: {
    random_bytes: {
      summary: 'So many random bytes, 1 to 1 MiB',
      args: ['length'],
      action: 'crypto.random',
      mode: 'sync',
      run: (_context, _settings, args) =>
        new Uint8Array(randomBytes(integerArgument(args[0], 'crypto.random_bytes', 'length', 1, MOST_BYTES))),
    },
    random_string: {
      summary: 'So many random characters of an alphabet (default: letters and digits), each as likely as the others',
      args: ['length', 'alphabet?'],
      action: 'crypto.random',
      mode: 'sync',
      run: (_context, _settings, args) => {
        const length = integerArgument(args[0], 'crypto.random_string', 'length', 1, MOST_BYTES);
        const letters = [...(optionalText(args[1], 'crypto.random_string', 'alphabet') ?? ALPHANUMERIC)];
        if (letters.length === 0) throw invalid('crypto.random_string', 'alphabet must not be empty');
        let text = '';
        for (let i = 0; i < length; i++) text += letters[randomInt(letters.length)];
        return text;
      },
    },
    random_uuid: {
      summary: 'A version 4 UUID that nobody can guess',
      args: [],
      action: 'crypto.random',
      mode: 'sync',
      run: () => randomUUID(),
    },
    hmac_sha256: keyed('sha256'),
    hmac_sha512: keyed('sha512'),
    encrypt_aes: encrypting('aes'),
    decrypt_aes: decrypting('aes'),
    encrypt_chacha20: encrypting('chacha20'),
    decrypt_chacha20: decrypting('chacha20'),
    jwt_encode: {
      summary: 'A signed JSON Web Token: HS256 (default), HS384 or HS512',
      args: ['claims', 'key', 'algorithm?'],
      action: 'crypto.sign',
      mode: 'sync',
      run: (_context, _settings, args) => encodeToken(args),
    },
    jwt_verify: {
      summary: 'The claims of a token that this key signed; exp is needed unless require_exp is false',
      args: ['token', 'key', 'algorithm?', 'require_exp?'],
      action: 'crypto.verify',
      mode: 'sync',
      run: (context, _settings, args) => decodeToken(args, context.clock.unix() / 1e3),
    },
    pbkdf2: {
      summary: 'So many bytes of key from a password, by sha256 (default) or sha512',
      args: ['password', 'salt', 'iterations', 'key_length', 'hash?'],
      action: 'crypto.derive',
      mode: 'async',
      run: async (_context, _settings, args) => {
        const password = secret(args[0], 'crypto.pbkdf2', 'password');
        const salt = secret(args[1], 'crypto.pbkdf2', 'salt');
        const iterations = integerArgument(args[2], 'crypto.pbkdf2', 'iterations', 1, MOST_ITERATIONS);
        const length = integerArgument(args[3], 'crypto.pbkdf2', 'key_length', 1, MOST_BYTES);
        const hash = wordArgument(args[4], 'crypto.pbkdf2', 'hash', ['sha256', 'sha512'], 'sha256');
        return new Uint8Array(await derive(password, salt, iterations, length, hash));
      },
    },
    constant_time_compare: {
      summary: 'Whether two texts or bytes are the same, in a time that tells nothing about where they differ',
      args: ['a', 'b'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const a = bytesArgument(args[0], 'crypto.constant_time_compare', 'a');
        const b = bytesArgument(args[1], 'crypto.constant_time_compare', 'b');
        return a.length === b.length && timingSafeEqual(a, b);
      },
    },
  },
};

/** Key first, as in most libraries of this kind; `hash.hmac_...` takes the data first. */
function keyed(algorithm: 'sha256' | 'sha512'): OperationDefinition<CryptoSettings> {
  const operation = `crypto.hmac_${algorithm}`;
  return {
    summary: `HMAC with ${algorithm.toUpperCase()}, hexadecimal; the key comes first`,
    args: ['key', 'data'],
    action: 'crypto.sign',
    mode: 'sync',
    run: (_context, _settings, args) => {
      const key = secret(args[0], operation, 'key');
      return createHmac(algorithm, key)
        .update(bytesArgument(args[1], operation, 'data'))
        .digest('hex');
    },
  };
}

function encrypting(cipher: Cipher): OperationDefinition<CryptoSettings> {
  const operation = `crypto.encrypt_${cipher}`;
  return {
    summary: 'Bytes that only the same key, and the same additional data, opens: nonce, ciphertext, tag',
    args: ['data', 'key', 'additional_data?'],
    action: 'crypto.encrypt',
    mode: 'sync',
    run: (_context, _settings, args) => {
      const data = bytesArgument(args[0], operation, 'data');
      const key = cipherKey(args[1], operation, cipher);
      const nonce = randomBytes(NONCE_BYTES);
      const sealing = createCipheriv(nameOf(cipher, key), key, nonce, { authTagLength: TAG_BYTES });
      sealing.setAAD(additional(args[2], operation), { plaintextLength: data.length });
      return new Uint8Array(Buffer.concat([nonce, sealing.update(data), sealing.final(), sealing.getAuthTag()]));
    },
  };
}

function decrypting(cipher: Cipher): OperationDefinition<CryptoSettings> {
  const operation = `crypto.decrypt_${cipher}`;
  return {
    summary: 'The bytes that were encrypted; INVALID where key, additional data or content are not the same',
    args: ['data', 'key', 'additional_data?'],
    action: 'crypto.decrypt',
    mode: 'sync',
    run: (_context, _settings, args) => {
      const data = bytesArgument(args[0], operation, 'data');
      const key = cipherKey(args[1], operation, cipher);
      if (data.length < NONCE_BYTES + TAG_BYTES) throw cannotOpen(operation);
      const nonce = data.subarray(0, NONCE_BYTES);
      const sealed = data.subarray(NONCE_BYTES, data.length - TAG_BYTES);
      const opening = createDecipheriv(nameOf(cipher, key), key, nonce, { authTagLength: TAG_BYTES });
      opening.setAuthTag(data.subarray(data.length - TAG_BYTES));
      opening.setAAD(additional(args[2], operation), { plaintextLength: sealed.length });
      try {
        return new Uint8Array(Buffer.concat([opening.update(sealed), opening.final()]));
      } catch {
        throw cannotOpen(operation);
      }
    },
  };
}

/** Node types its modes apart; all of these take a tag and additional data. */
function nameOf(cipher: Cipher, key: Uint8Array): CipherGCMTypes {
  return CIPHERS[cipher].name(key.length) as CipherGCMTypes;
}

function cipherKey(value: Payload, operation: string, cipher: Cipher): Uint8Array {
  const key = bytesArgument(value, operation, 'key');
  const lengths: readonly number[] = CIPHERS[cipher].keys;
  if (lengths.includes(key.length)) return key;
  throw invalid(
    operation,
    `key must have ${lengths.join(', ').replace(/, (\d+)$/, ' or $1')} bytes, got ${key.length}`,
  );
}

function additional(value: Payload, operation: string): Uint8Array {
  return value === undefined || value === null ? new Uint8Array(0) : bytesArgument(value, operation, 'additional_data');
}

function secret(value: Payload, operation: string, name: string): Uint8Array {
  const bytes = bytesArgument(value, operation, name);
  if (bytes.length === 0) throw invalid(operation, `${name} must not be empty`);
  return bytes;
}

/** Says nothing about which of them it was: that would help whoever tries. */
function cannotOpen(operation: string): TroupeError {
  return new TroupeError(`${operation}: the data cannot be opened: key, additional data or content are not the same`, {
    kind: 'INVALID',
    retryable: false,
  });
}
