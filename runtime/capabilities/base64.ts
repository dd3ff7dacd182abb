/** `base64`: bytes as text and back (RFC 4648). */
import { z } from 'zod';
import { booleanArgument, bytesArgument, invalid, optionsArgument, textArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';

const settings = z.strictObject({});

const STANDARD = /^[A-Za-z0-9+/]*={0,2}$/;
const URL_SAFE = /^[A-Za-z0-9_-]*={0,2}$/;

export const base64Capability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'base64',
  summary: 'Bytes as text and back',
  settings,
  grantedByDefault: true,
  operations: {
    encode: {
      summary: 'Text (as UTF-8) or bytes as base64; options: url_safe (default false), padding (default true)',
      args: ['content', 'options?'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const content = bytesArgument(args[0], 'base64.encode', 'content');
        const options = optionsArgument(args[1], 'base64.encode', ['url_safe', 'padding']);
        const urlSafe = booleanArgument(options.url_safe, 'base64.encode', 'option url_safe', false);
        const padding = booleanArgument(options.padding, 'base64.encode', 'option padding', true);
        const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString(
          urlSafe ? 'base64url' : 'base64',
        );
        if (padding) return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
        return text.replace(/=+$/, '');
      },
    },
    decode: {
      summary: 'The bytes of a base64 text, with or without padding; option: url_safe (default false)',
      args: ['text', 'options?'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const text = textArgument(args[0], 'base64.decode', 'text');
        const options = optionsArgument(args[1], 'base64.decode', ['url_safe']);
        const urlSafe = booleanArgument(options.url_safe, 'base64.decode', 'option url_safe', false);
        checkBase64(text, urlSafe);
        return new Uint8Array(Buffer.from(text, urlSafe ? 'base64url' : 'base64'));
      },
    },
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
