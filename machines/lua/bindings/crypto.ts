/** `crypto` as a table of tables: `crypto.random.bytes(32)` is the operation `random_bytes`. */
import { payloadArguments } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { pushOperation } from './operation.ts';

/** Operations by the table and the name that programs know them by. */
const TABLES: { readonly [table: string]: { readonly [member: string]: string } } = {
  random: { bytes: 'random_bytes', string: 'random_string', uuid: 'random_uuid' },
  hmac: { sha256: 'hmac_sha256', sha512: 'hmac_sha512' },
  encrypt: { aes: 'encrypt_aes', chacha20: 'encrypt_chacha20' },
  decrypt: { aes: 'decrypt_aes', chacha20: 'decrypt_chacha20' },
  jwt: { encode: 'jwt_encode', verify: 'jwt_verify' },
};

export function cryptoModule(engine: Engine): HostModule {
  const calling =
    (operation: string): HostFunction =>
    L =>
      pushOperation(engine, L, 'crypto', operation, payloadArguments(engine, L, 1, 'argument'));
  const modules = Object.entries(TABLES).map(([table, members]): [string, HostModule] => [
    table,
    {
      name: `crypto.${table}`,
      functions: Object.fromEntries(Object.entries(members).map(([member, name]) => [member, calling(name)])),
    },
  ]);
  return { name: 'crypto', modules: Object.fromEntries(modules) };
}
