/** JSON Web Tokens (RFC 7519) signed with a shared key: the part of `crypto` that packs and checks claims. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { TroupeError } from '../errors.ts';
import { isMap, type Payload } from '../payload/payload.ts';
import { encodeJson } from './json_text.ts';

const ALGORITHMS = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' } as const;
type Algorithm = keyof typeof ALGORITHMS;
export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as Algorithm[];

/** Characters of a token; what is longer is no token that anybody made on purpose. */
const LONGEST_TOKEN = 1024 * 1024;

type Claims = { [key: string]: Payload };

export function encodeToken(claims: { readonly [key: string]: Payload }, key: Uint8Array, alg: Algorithm): string {
  const head = part(JSON.stringify({ alg, typ: 'JWT' }));
  const signed = `${head}.${part(encodeJson(claims, 'crypto.jwt_encode', 'claims'))}`;
  return `${signed}.${signature(signed, key, alg).toString('base64url')}`;
}

/** `now` in unix seconds. The algorithm is the caller's, never the token's. */
export function decodeToken(token: string, key: Uint8Array, alg: Algorithm, mustExpire: boolean, now: number): Claims {
  const operation = 'crypto.jwt_verify';
  const parts = token.length > LONGEST_TOKEN ? [] : token.split('.');
  if (parts.length !== 3) throw refused(operation, 'it is not a JSON Web Token');
  const given = Buffer.from(parts[2], 'base64url');
  const right = signature(`${parts[0]}.${parts[1]}`, key, alg);
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    throw refused(operation, 'its signature is not of this key');
  }
  if (parsed(parts[0])?.alg !== alg) throw refused(operation, `it was not signed with ${alg}`);
  const claims = parsed(parts[1]);
  if (claims === undefined) throw refused(operation, 'its claims are not a JSON object');
  const { exp, nbf } = claims;
  if (exp === undefined || exp === null) {
    if (mustExpire) throw refused(operation, 'it has no exp claim; give require_exp = false to take such tokens');
  } else if (typeof exp !== 'number' || now >= exp) throw refused(operation, 'it has expired');
  if (nbf !== undefined && nbf !== null && (typeof nbf !== 'number' || now < nbf)) {
    throw refused(operation, 'it is not valid yet');
  }
  return claims;
}

function part(json: string): string {
  return Buffer.from(json, 'utf8').toString('base64url');
}

function signature(signed: string, key: Uint8Array, algorithm: Algorithm): Buffer {
  return createHmac(ALGORITHMS[algorithm], key).update(signed).digest();
}

function parsed(text: string): Claims | undefined {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Payload;
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function refused(operation: string, why: string): TroupeError {
  return new TroupeError(`${operation}: the token is refused: ${why}`, { kind: 'PERMISSION_DENIED', retryable: false });
}
