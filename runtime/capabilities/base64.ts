/** `base64`: bytes as text and back (RFC 4648). */
import { z } from 'zod';
import { invalid } from './arguments.ts';
import { type CapabilityDefinition, operation } from './capability.ts';
import { boolean, bytes, optional, options, text } from './parameters.ts';

const settings = z.strictObject({});

const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE = /^[A-Za-z0-9_-]*={0,2}$/;

const URL_SAFE_OPTION = optional(boolean('url_safe'), false);

export const base64Capability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'base64',
  summary: 'Bytes as text and back',
  settings,
  grantedByDefault: true,
  operations: {
    encode: operation({
      summary: 'Text (as UTF-8) or bytes as base64; options: url_safe (default false), padding (default true)',
      args: [bytes('content'), options(URL_SAFE_OPTION, optional(boolean('padding'), true))],
      mode: 'sync',
      run: (_context, _settings, [content, { url_safe, padding }]) => {
        const encoded = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString(
          url_safe ? 'base64url' : 'base64',
        );
        if (padding) return encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=');
        return encoded.replace(/=+$/, '');
      },
    }),
    decode: operation({
      summary: 'The bytes of a base64 text, with or without padding; option: url_safe (default false)',
      args: [text('text'), options(URL_SAFE_OPTION)],
      mode: 'sync',
      run: (_context, _settings, [encoded, { url_safe }]) => {
        checkBase64(encoded, url_safe);
        return new Uint8Array(Buffer.from(encoded, url_safe ? 'base64url' : 'base64'));
      },
    }),
  },
};

/** Node skips what it does not know; whoever decodes should hear of it. */
function checkBase64(text: string, urlSafe: boolean): void {
  const digits = text.replace(/=+$/, '').length;
  const padded = digits !== text.length;
  if (!(urlSafe ? URL_SAFE : STANDARD).test(text)) {
    const other = urlSafe ? STANDARD : URL_SAFE;
    const hint = other.test(text) ? `; it is of the other alphabet: give {url_safe = ${!urlSafe}}` : '';
    throw invalid('base64.decode', `text is not base64${hint}`);
  }
  if (digits % 4 === 1 || (padded && text.length % 4 !== 0)) {
    throw invalid('base64.decode', 'text is not base64: its end is missing');
  }
}
