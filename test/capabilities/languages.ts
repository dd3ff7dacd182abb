/** The same operation called by a Lua, a TypeScript and a WebAssembly program of one deployment. */
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { createServices, type Services } from '../../runtime/capabilities/services.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/machine.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { machinesModule, machineTypes, readDeployment } from '../../sdk/embed/index.ts';
import { type Files, writeDeployment } from '../deploy.ts';
import { wat } from '../wasm/start.ts';

export const LANGUAGES = ['lua', 'ts', 'wasm'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What a program got: a value, or an error. */
export interface Outcome {
  readonly value?: Payload;
  readonly kind?: string;
  readonly message?: string;
  readonly details?: { readonly [key: string]: Payload };
}

const LUA = `return function(capability, operation, args)
  local value, err = require(capability)[operation](table.unpack(args, 1, args.n))
  if err ~= nil then return {kind = err:kind(), message = err:message(), details = err:details()} end
  return {value = value}
end`;

const TYPESCRIPT = `import { defineProcess, TroupeError } from 'troupe/sdk';
export default defineProcess(function* (self, capability: string, operation: string, args: any[]) {
  const method = operation.replace(/_+([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  try {
    const bound = self.capability(capability as any) as any;
    const result = bound[method](...args);
    return { value: isCommand(result) ? yield* result : result };
  } catch (thrown) {
    const { kind, message, details } = thrown as TroupeError;
    return { kind, message, details };
  }
});
function isCommand(value: any): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array) && typeof value[Symbol.iterator] === 'function';
}`;

/** One export for each operation: it hands its arguments on as they came, and exits with `[error]` or `[null, result]`. */
function webAssembly(capabilities: readonly string[]): Uint8Array {
  const names = capabilities.flatMap(capability =>
    Object.keys(capabilityDefinitions.get(capability)!.operations).map(name => ({ capability, name })),
  );
  const imports = names.map(
    ({ capability, name }) =>
      `(import "troupe:${capability}" "${name}" (func $${capability}.${name} (param i32 i32 i32 i32) (result i32)))`,
  );
  const exports = names.map(
    ({ capability, name }) => `(func (export "${capability}_${name}") (local $n i32)
      (local.set $n (call $args (i32.const 0) (i32.const 30000)))
      (local.set $n (call $${capability}.${name} (i32.const 0) (local.get $n) (i32.const 30000) (i32.const 30000)))
      (if (i32.lt_s (local.get $n) (i32.const 0))
        (then
          (i32.store8 (i32.const 29999) (i32.const 0x91))
          (local.set $n (call $last_error (i32.const 30000) (i32.const 30000)))
          (call $exit (i32.const 29999) (i32.add (local.get $n) (i32.const 1))))
        (else
          (i32.store16 (i32.const 29998) (i32.const 0xc092))
          (call $exit (i32.const 29998) (i32.add (local.get $n) (i32.const 2))))))`,
  );
  return wat(`(module ${imports.join('\n')}
    (import "troupe:process" "args" (func $args (param i32 i32) (result i32)))
    (import "troupe:process" "last_error" (func $last_error (param i32 i32) (result i32)))
    (import "troupe:process" "exit" (func $exit (param i32 i32)))
    (memory (export "memory") 1) ${exports.join('\n')})`);
}

export class Speakers {
  readonly runtime: Runtime;

  private constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** `granted`: `capabilities:` of the host in YAML, of these capabilities; `more`: further entries, each in flow style. */
  static async start(
    capabilities: readonly string[],
    granted: string,
    given: {
      readonly more?: readonly string[];
      readonly files?: Files;
      readonly workers?: number;
      readonly services?: Partial<Services>;
    } = {},
  ): Promise<Speakers> {
    const wanted = `[${capabilities.join(', ')}]`;
    const entries = [
      `{name: host, kind: process.host, allow_untrusted_ts: true, capabilities: ${granted}}`,
      `{name: lua, kind: process.lua, source: file://call.lua, modules: ${wanted}, meta: {default_host: app:host}}`,
      `{name: ts, kind: process.ts, source: file://call.ts, imports: ${wanted}, meta: {default_host: app:host}}`,
      ...capabilities.flatMap(capability =>
        Object.keys(capabilityDefinitions.get(capability)!.operations).map(
          name =>
            `{name: ${capability}.${name}, kind: process.wasm, source: file://call.wasm, method: ${capability}_${name}, imports: ${wanted}, meta: {default_host: app:host}}`,
        ),
      ),
      ...(given.more ?? []),
    ];
    const files = {
      'app.yaml': `version: "1.0"\nnamespace: app\nentries:\n${entries.map(entry => `  - ${entry}\n`).join('')}`,
      '.troupe.yaml': 'security: {strict_mode: false}\n',
      'call.lua': LUA,
      'call.ts': TYPESCRIPT,
      'call.wasm': webAssembly(capabilities),
      ...given.files,
    };
    const deployment = await readDeployment(writeDeployment(files));
    const services = createServices({ root: deployment.root, log: silentLog, ...given.services });
    const runtime = await Runtime.start({
      deployment,
      machines: machineTypes,
      machinesModule,
      workers: given.workers ?? 0,
      placement: 'round-robin',
      services,
    });
    return new Speakers(runtime);
  }

  async call(language: Language, capability: string, operation: string, ...args: Payload[]): Promise<Outcome> {
    if (language !== 'wasm') {
      return (await this.runtime.exec({ id: `app:${language}`, args: [capability, operation, args] })) as Outcome;
    }
    const id = `app:${capability}.${operation}`;
    const [error, value] = (await this.runtime.exec({ id, args })) as [Outcome, Payload];
    return error === null ? { value } : { kind: error.kind, message: error.message, details: error.details };
  }

  stop(): Promise<void> {
    return this.runtime.stop();
  }
}
