/**
 * The permission table, by programs in Lua, TypeScript and WebAssembly: the same verdict, the same error, the same record
 * of it, and what was denied did not happen.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CASES, type Case, type Denial, settingsCases } from './permission_cases.ts';
import { emptied, LANGUAGES, type Outcome, PermissionWorld } from './permission_world.ts';
import type { Seen } from './permission_verbs.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

/** For looking at some cases only: a part of their titles. */
const ONLY = process.env.TROUPE_PERMISSIONS;

const TABLES: readonly { readonly name: string; readonly settings: string; readonly cases: readonly Case[] }[] = [
  { name: 'permissions', settings: '', cases: CASES },
  { name: 'permissions, strict everywhere', settings: 'security: {strict_mode: true}\n', cases: settingsCases(true) },
  { name: 'permissions, strict nowhere', settings: 'security: {strict_mode: false}\n', cases: settingsCases(false) },
];

/** The world as it was, where nothing has happened. */
function untouched({ verb }: Case): Seen {
  const target = verb.has === 'target' || verb.has === 'held';
  return {
    mail: [],
    events: [],
    alive: target,
    holder:
      verb.has === 'held' ? '$target' : verb.job.before?.some(({ op }) => op === 'register') ? '$agent' : undefined,
    children: 0,
    ran: false,
    stored: verb.has === 'stored' ? 'old' : undefined,
    written: verb.has === 'stored' ? 'old' : undefined,
  };
}

function worldAfter(one: Case): Seen {
  const changed = one.denied === undefined && one.answer?.error === undefined ? one.verb.effect : undefined;
  return { ...untouched(one), ...changed, ...one.effect };
}

function host(one: Case): string {
  return one.denied?.host ?? one.on;
}

/** Without messages: they are compared between the languages. */
function answerOf(one: Case): object {
  const { verb, denied } = one;
  const events = denied === undefined ? verb.agentEvents?.done : verb.agentEvents?.refused;
  const more = events === undefined ? {} : { events };
  if (one.answer !== undefined) return { ...one.answer, ...more };
  // Who goes on as somebody else answers what that one does.
  if (denied === undefined) return verb.job.op === 'upgrade' ? (verb.ok as object) : { ok: verb.ok, ...more };
  const { hides } = verb;
  if (hides !== undefined && (hides.when === 'always' || denied.rule === 'reachable_from')) {
    return { ...hides.answer, ...more };
  }
  const { action, policy, rule } = denied;
  const details = { action, resource: hosted(one, denied.resource), host: host(one), policy, rule };
  return { error: { kind: 'PERMISSION_DENIED', details }, ...more };
}

/** Hosts are the same in every run, and shown as they are. */
function hosted({ on, host }: Case, text: string): string {
  return text.replace('$host', host ?? on);
}

function recordOf(one: Case, denied: Denial): object {
  const { action, policy, rule } = denied;
  const who = { actor: one.actor, scope: one.scope, ...one.identity };
  const actor = denied.actor ?? who.actor;
  return {
    host: host(one),
    actor: actor && { meta: {}, ...actor },
    scope: denied.scope ?? who.scope,
    action,
    resource: hosted(one, denied.resource),
    effect: 'deny',
    policy,
    rule,
    repeated: 0,
    dropped: 0,
  };
}

/** Without the texts for people. */
function withoutMessages(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMessages);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'message');
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutMessages(one)]));
}

function check(one: Case, outcome: Outcome, language: string): void {
  assert.equal(withoutMessages(outcome.answer), emptied(answerOf(one)), `${language}: the answer`);
  const wanted = one.denied === undefined ? [] : [recordOf(one, one.denied)];
  const shown = outcome.audit.map(record => {
    const { why, meta, ...rest } = record as { why?: string; meta?: object };
    return rest;
  });
  assert.equal(shown, wanted.map(emptied), `${language}: the record`);
  assert.equal(outcome.seen, worldAfter(one), `${language}: the world`);
}

for (const workers of [0, 2]) {
  for (const { name, settings, cases } of TABLES) {
    const test = suite(`${name}, ${workers} workers`);
    let world: PermissionWorld;
    test.before(async () => {
      // The runner keeps what a hook throws to itself.
      world = await PermissionWorld.start(settings, workers).catch(error => {
        process.stderr.write(`${error}\n`);
        throw error;
      });
    });
    test.after(() => world?.stop());

    for (const one of cases) {
      if (ONLY !== undefined && !one.title.includes(ONLY)) continue;
      test(one.title, async () => {
        const expected = worldAfter(one);
        let first: Outcome | undefined;
        for (const language of Object.keys(LANGUAGES)) {
          const outcome = await world.happen(one, language, expected, one.denied === undefined ? 0 : 1);
          check(one, outcome, language);
          first ??= outcome;
          assert.equal(outcome, first, `${language} and ${Object.keys(LANGUAGES)[0]}: the same`);
        }
      });
    }
    test('nothing was denied that no case knows of', () => {
      assert.equal(world.unclaimed, []);
    });
    test.run();
  }
}
