import { TroupeError } from '../errors.ts';
import { binaryOf, type Payload } from './payload.ts';

/** A payload as JSON for people and scripts: bytes as base64, 64-bit integers as numbers in text, errors as objects. */
export function toJson(value: Payload, indent?: number): string {
  const text = JSON.stringify(
    value ?? null,
    (_key, item: unknown) => {
      if (typeof item === 'bigint') return item.toString();
      const binary = binaryOf(item);
      if (binary !== undefined) return Buffer.from(binary).toString('base64');
      if (item instanceof TroupeError) {
        return { message: item.message, kind: item.kind, retryable: item.retryable ?? null, details: item.details };
      }
      return item;
    },
    indent,
  );
  return text;
}
