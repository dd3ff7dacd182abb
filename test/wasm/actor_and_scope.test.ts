/** For whom a child acts and under which policies, said by a WebAssembly process (semantics sections 2 and 8). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contextOfActor, contextOfScope } from '../../runtime/security/identity.ts';
import { failure, run, start } from './start.ts';

const test = suite('wasm actor and scope');

const PROGRAM = `
  import { lastError, operate, self, Spawner, Value } from "troupe";

  @external("troupe:security", "actor")
  declare function actor(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
  @external("troupe:security", "scope")
  declare function scope(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
  @external("troupe:security", "can")
  declare function can(args: usize, argsLength: i32, area: usize, capacity: i32): i32;

  function asked(resource: string): Value { return operate(can, [Value.of("read"), Value.of(resource)])!; }

  export function look(): void {
    self.exit(Value.map().set("actor", operate(actor)!).set("scope", operate(scope)!).set("context", self.context)
      .set("a", asked("doc:a")).set("b", asked("doc:b")));
  }

  function told(spawner: Spawner): void {
    const seen = spawner.method("look").exec();
    self.exit(seen === null ? lastError().get("message") : seen);
  }

  export function as_ann(): void {
    told(new Spawner("program").actor("ann", Value.map().set("team", "blue")).scope(["readers"]).context("tenant", "t"));
  }
  export function narrower(): void { told(new Spawner("program").scope(["app:nothing", "app:readers", "readers"])); }
  export function unknown(): void { told(new Spawner("program").scope(["app:absent"])); }
  export function nobody(): void { told(new Spawner("program").actor("")); }
  export function plain(): void { told(new Spawner("program").actor("ann")); }
`;

const PLAIN = `
  import { lastError, self, Spawner } from "troupe";
  export function main(): void {
    const spawner = new Spawner("program").method("look").actor("root");
    assert(spawner.spawn() === null);
    self.failWith(lastError());
  }
`;

const runtime = await start(
  [
    '{name: program, kind: process.wasm, language: assemblyscript, source: file://program.ts, method: look, imports: [security]}',
    '{name: plain, kind: process.wasm, language: assemblyscript, source: file://plain.ts}',
    '{name: readers, kind: security.policy, policy: {actions: [read, process.*, security.*], resources: ["doc:a", "app:*", ann], effect: allow}}',
    '{name: nothing, kind: security.policy, policy: {actions: read, resources: "doc:*", effect: deny}}',
  ],
  { 'program.ts': PROGRAM, 'plain.ts': PLAIN },
);
test.after(() => runtime.stop());

const scenario = (method: string, more = {}) => run(runtime, 'program', [], { method, ...more });

test('a child acts as it is said, and its context values stay its own', async () => {
  assert.equal(await scenario('as_ann'), {
    actor: { id: 'ann', meta: { team: 'blue' } },
    scope: ['app:readers'],
    context: { tenant: 't' },
    a: true,
    b: false,
  });
});

test('what the spawn does not say is inherited', async () => {
  const identity = { ...contextOfActor({ id: 'bob', meta: {} }), ...contextOfScope(['app:readers']) };
  assert.equal(await scenario('narrower', { identity, context: { tenant: 't' } }), {
    actor: { id: 'bob', meta: {} },
    scope: ['app:nothing', 'app:readers'],
    context: { tenant: 't' },
    a: false,
    b: false,
  });
  const plain = (await scenario('plain', { identity })) as { readonly [key: string]: unknown };
  assert.equal([plain.actor, plain.scope], [{ id: 'ann', meta: {} }, ['app:readers']]);
});

test('a policy that is not there, an actor without an id, an entry without the capability', async () => {
  assert.match(String(await scenario('unknown')), 'there is no policy "app:absent"');
  assert.match(String(await scenario('nobody')), 'actor of the spawn request: a map {id, meta?}');
  const error = await failure(run(runtime, 'plain'));
  assert.is(error.kind, 'PERMISSION_DENIED');
  assert.match(error.message, 'need the capability "security"');
  assert.is(runtime.live, 0);
});

test.run();
