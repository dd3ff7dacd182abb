import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { base64Capability } from '../../runtime/capabilities/base64.ts';
import { cryptoCapability } from '../../runtime/capabilities/crypto.ts';
import { hashCapability } from '../../runtime/capabilities/hash.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, NOON, refusal } from './call.ts';

const test = suite('base64, hash and crypto');
const base64 = (operation: string, ...args: Payload[]) => new Caller().call(base64Capability, {}, operation, ...args);
const hash = (operation: string, ...args: Payload[]) => new Caller().call(hashCapability, {}, operation, ...args);
const crypto = (operation: string, ...args: Payload[]) => new Caller().call(cryptoCapability, {}, operation, ...args);
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

test('base64: every byte comes back, in both alphabets', () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.boolean(), fc.boolean(), async (content, url_safe, padding) => {
      const text = (await base64('encode', content, { url_safe, padding })) as string;
      assert.equal(await base64('decode', text, { url_safe }), new Uint8Array(content));
      assert.is(/=/.test(text), padding && content.length % 3 !== 0);
      assert.not.match(text, url_safe ? /[+/]/ : /[-_]/);
    }),
  ));

test('base64: what it is not is refused', async () => {
  assert.is(await base64('encode', 'Hello, world!'), 'SGVsbG8sIHdvcmxkIQ==');
  for (const text of ['a', 'ab=', 'abc===', 'a b=', 'ab=c', '\u00e9']) {
    assert.is((await refusal(base64('decode', text))).kind, 'INVALID', text);
  }
  assert.match((await refusal(base64('decode', 'a-_b'))).message, 'give {url_safe = true}');
  assert.match((await refusal(base64('encode', 'x', { urlsafe: true }))).message, 'did you mean "url_safe"?');
  assert.match((await refusal(base64('encode', 5))).message, 'base64.encode: content must be a string or bytes');
});

test('hash: known digests, as text and raw', async () => {
  assert.is(await hash('md5', 'hello'), '5d41402abc4b2a76b9719d911017c592');
  assert.is(await hash('sha1', 'hello'), 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d');
  assert.is(await hash('sha256', 'hello'), '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  assert.is(((await hash('sha512', bytes('hello'))) as string).slice(0, 16), '9b71d224bd62f378');
  assert.equal(
    await hash('md5', 'hello', true),
    new Uint8Array(Buffer.from((await hash('md5', 'hello')) as string, 'hex')),
  );
  // RFC 4231, test case 2; RFC 2202, test case 2
  const data = 'what do ya want for nothing?';
  assert.is(
    await hash('hmac_sha256', data, 'Jefe'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
  assert.is(await hash('hmac_md5', data, 'Jefe'), '750c783e6ab0b503eaa86e310a5db738');
  assert.is(await hash('hmac_sha1', data, 'Jefe'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
  assert.is(((await hash('hmac_sha512', data, 'Jefe', true)) as Uint8Array).length, 64);
  assert.match(
    (await refusal(hash('sha256', {}))).message,
    'hash.sha256: data must be a string or bytes, got an object',
  );
});

test('hash: FNV-1a', async () => {
  assert.is(await hash('fnv32', ''), 0x811c9dc5);
  assert.is(await hash('fnv32', 'foobar'), 0xbf9cf968);
  assert.is(BigInt.asUintN(64, (await hash('fnv64', 'foobar')) as bigint), 0x85944171f73967e8n);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), async data => {
      let expected = 0xcbf29ce484222325n;
      for (const byte of data) expected = BigInt.asUintN(64, (expected ^ BigInt(byte)) * 0x100000001b3n);
      assert.is(await hash('fnv64', data), BigInt.asIntN(64, expected));
    }),
  );
});

test('crypto: what was sealed only the same key and the same additional data open', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(['aes', 16], ['aes', 24], ['aes', 32], ['chacha20', 32]),
      fc.uint8Array(),
      fc.nat(),
      async ([cipher, length], data, flip) => {
        const key = (await crypto('random_bytes', length as number)) as Uint8Array;
        const sealed = (await crypto(`encrypt_${cipher}`, data, key, 'for ann')) as Uint8Array;
        assert.equal(await crypto(`decrypt_${cipher}`, sealed, key, 'for ann'), new Uint8Array(data));
        assert.is((await refusal(crypto(`decrypt_${cipher}`, sealed, key, 'for bob'))).kind, 'INVALID');
        const bent = Uint8Array.from(sealed);
        bent[flip % bent.length] ^= 1;
        assert.is((await refusal(crypto(`decrypt_${cipher}`, bent, key, 'for ann'))).kind, 'INVALID');
      },
    ),
    { numRuns: 30 },
  ));

test('crypto: keys of other lengths are refused', async () => {
  assert.match((await refusal(crypto('encrypt_aes', 'x', 'short'))).message, 'key must have 16, 24 or 32 bytes, got 5');
  assert.match((await refusal(crypto('decrypt_chacha20', 'x', 'short'))).message, 'key must have 32 bytes, got 5');
});

test('crypto: chance, derived keys, comparison', async () => {
  assert.is(((await crypto('random_bytes', 7)) as Uint8Array).length, 7);
  assert.match((await crypto('random_string', 40)) as string, /^[A-Za-z0-9]{40}$/);
  assert.match((await crypto('random_string', 10, '01')) as string, /^[01]{10}$/);
  assert.is((await refusal(crypto('random_string', 10, ''))).kind, 'INVALID');
  assert.is((await refusal(crypto('random_bytes', 0))).kind, 'INVALID');
  assert.not.equal(await crypto('random_uuid'), await crypto('random_uuid'));
  // RFC 7914 section 11
  const key = (await crypto('pbkdf2', 'passwd', 'salt', 1, 64)) as Uint8Array;
  assert.is(Buffer.from(key).toString('hex').slice(0, 32), '55ac046e56e3089fec1691c22544b605');
  assert.match((await refusal(crypto('pbkdf2', 'p', 's', 1, 8, 'sha1'))).message, 'hash cannot be "sha1"');
  assert.is(await crypto('constant_time_compare', 'abc', bytes('abc')), true);
  assert.is(await crypto('constant_time_compare', 'abc', 'abd'), false);
  assert.is(await crypto('constant_time_compare', 'abc', 'abcd'), false);
  assert.is(
    await crypto('hmac_sha256', 'Jefe', 'what do ya want for nothing?'),
    await hash('hmac_sha256', 'what do ya want for nothing?', 'Jefe'),
  );
});

test('crypto: tokens are those of their key, their algorithm and their time', async () => {
  const claims = { sub: 'ann', exp: NOON / 1e3 + 60 };
  const token = (await crypto('jwt_encode', claims, 'key')) as string;
  assert.equal(await crypto('jwt_verify', token, 'key'), claims);
  const why = async (...args: Payload[]) => {
    const error = await refusal(crypto('jwt_verify', ...args));
    assert.is(error.kind, 'PERMISSION_DENIED');
    return error.message;
  };
  assert.match(await why(token, 'other'), 'its signature is not of this key');
  assert.match(await why(token, 'key', 'HS512'), 'signature');
  assert.match(await why('a.b', 'key'), 'not a JSON Web Token');
  assert.match(await why(await crypto('jwt_encode', { exp: NOON / 1e3 }, 'key'), 'key'), 'expired');
  assert.match(
    await why(await crypto('jwt_encode', { ...claims, nbf: NOON / 1e3 + 1 }, 'key'), 'key'),
    'not valid yet',
  );
  const endless = await crypto('jwt_encode', { sub: 'ann' }, 'key', 'HS384');
  assert.match(await why(endless, 'key', 'HS384'), 'no exp claim');
  assert.equal(await crypto('jwt_verify', endless, 'key', 'HS384', false), { sub: 'ann' });
  // Who says "none" in the token itself is not believed.
  const [, body] = token.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  assert.match(await why(`${none}.${body}.`, 'key'), 'signature');
});

test.run();
