/** From a line to what it asks for, or to what is wrong with it. Lines come from outside: nothing of them is believed. */
import type { z } from 'zod';
import { PROTOCOL, type ShownError } from './protocol.ts';
import { greeting, type Request, request as requestSchema } from './request_schema.ts';

export type ReadRequest =
  | { readonly id: number; readonly request: Request; readonly fault: undefined }
  | { readonly id: number | null; readonly request: undefined; readonly fault: ShownError };

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined: all is well. */
export function readGreeting(line: Uint8Array): ShownError | undefined {
  const read = greeting.safeParse(parse(line));
  if (!read.success) return invalid(`a client begins with the line {"hello": ${PROTOCOL}}`);
  const { hello } = read.data;
  if (hello === PROTOCOL) return undefined;
  return invalid(
    `this runtime speaks version ${PROTOCOL} of the protocol, not ${hello}; use the troupe that has started it`,
  );
}

export function readRequest(line: Uint8Array): ReadRequest {
  const said = parse(line);
  if (said === undefined)
    return { id: null, request: undefined, fault: invalid('a request is one line of JSON in UTF-8') };
  const read = requestSchema.safeParse(said);
  if (read.success) return { id: read.data.id, request: read.data, fault: undefined };
  return { id: idOf(said), request: undefined, fault: invalid(`the request is wrong: ${explained(read.error)}`) };
}

function parse(line: Uint8Array): unknown {
  try {
    return JSON.parse(UTF_8.decode(line)) as unknown;
  } catch {
    return undefined;
  }
}

function idOf(said: unknown): number | null {
  if (typeof said !== 'object' || said === null || !('id' in said)) return null;
  return Number.isSafeInteger(said.id) ? (said.id as number) : null;
}

function explained({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');
}

function invalid(message: string): ShownError {
  return { kind: 'INVALID', message };
}
