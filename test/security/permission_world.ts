/** A deployment in which the cases of `permission_cases.ts` happen, and what came of one. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machinesModule, machineTypes } from '../../machines/index.ts';
import { createServices, type Services } from '../../runtime/capabilities/services.ts';
import type { LogSink } from '../../runtime/logger.ts';
import type { ExitResult, Payload } from '../../runtime/machine.ts';
import { Runtime } from '../../runtime/runtime.ts';
import type { AuditRecord } from '../../runtime/security/audit.ts';
import { PROCESS_OPERATIONS } from '../../runtime/security/authority.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';
import type { Case } from './permission_cases.ts';
import { POLICIES } from './permission_policies.ts';
import { type Answer, type Seen, WITHHELD } from './permission_verbs.ts';

const agents = new URL('../../../test/security/agents/', import.meta.url);
const source = (file: string): string => readFileSync(new URL(file, agents), 'utf8');

interface Language {
  readonly run: string;
  readonly operate: string;
  readonly call: string;
}

const OWN = '[logger, security, store, registry, funcs]';
const ALL = '[logger, security, store, registry, funcs, fs, env]';
const wasm = 'language: assemblyscript, imports';

/** Keys of an agent's entries, besides the name. */
export const LANGUAGES: { readonly [name: string]: Language } = {
  lua: {
    run: `kind: process.lua, source: "file://agents/agent.lua", modules: ${OWN}`,
    operate: `kind: process.lua, source: "file://agents/agent.lua", modules: ${ALL}`,
    call: `kind: function.lua, source: "file://agents/agent.lua", modules: ${OWN}`,
  },
  ts: {
    run: `kind: process.ts, source: "file://agents/agent.ts", imports: ${OWN}`,
    operate: `kind: process.ts, source: "file://agents/agent.ts", imports: ${ALL}`,
    call: `kind: function.ts, source: "file://agents/agent.ts", imports: ${OWN}`,
  },
  wasm: {
    run: `kind: process.wasm, source: "file://agents/agent.as.ts", ${wasm}: ${OWN}`,
    operate: `kind: process.wasm, source: "file://agents/operator.as.ts", ${wasm}: [fs, env]`,
    call: `kind: function.wasm, source: "file://agents/agent.as.ts", ${wasm}: ${OWN}`,
  },
};

const TRACED = `return function(key) require("logger").info(key .. " ran") return "traced" end`;
const PROGRAMS: { readonly [file: string]: string } = {
  'idle.lua': 'return function() process.events():receive() end',
  'traced.lua': TRACED,
  'fails.lua': `return function(key) require("logger").info(key .. " ran") error("it fails") end`,
  'colored.lua': 'return function() return require("ctx").get("color") end',
  'asked.lua': `return function(what)
    local security = require("security")
    if what == "actor" then return security.actor():id() end
    local ids = {}
    for i, policy in ipairs(security.scope():policies()) do ids[i] = policy:id() end
    return table.concat(ids, " ")
  end`,
  // What it gets, told to whoever asks for it: in the log, for which it needs no permission.
  'target.lua': `return function()
    local inbox, events, mail, seen = process.inbox(), process.events(), {}, {}
    while true do
      local got = channel.select({inbox:case_receive(), events:case_receive()})
      if got.channel == events then
        seen[#seen + 1] = got.value.kind
      elseif got.value:topic() == "report" then
        require("logger").info(process.pid() .. " got " .. table.concat(mail, ",") .. ";" .. table.concat(seen, ","))
      elseif got.value:topic() == "end" then
        return "ended"
      else
        mail[#mail + 1] = got.value:topic()
      end
    end
  end`,
};

const GRANTED = 'security: {}, store: {}, registry: {}, logger: {}, funcs: {}, ctx: {}';
const KEEPER = '{actor: {id: keeper, meta: {age: 50}}, policies: [starts], groups: [staff]}';

/** Hosts, and what else is written of them. */
const HOSTS: { readonly [name: string]: string } = {
  open: '',
  listed: '',
  closed: ', reachable_from: [listed]',
  strict: `, capabilities: {${GRANTED}, fs: {root: files, write: true}, env: {names: [PERMITTED]}}`,
  kept: `, capabilities: {${GRANTED}}, lifecycle: {security: ${KEEPER}}`,
  ...Object.fromEntries(
    WITHHELD.map(one => {
      const others = PROCESS_OPERATIONS.filter(operation => operation !== one);
      return [`without.${one}`, `, capabilities: {process: {operations: [${others}]}, ${GRANTED}}`];
    }),
  ),
};

function yaml(): string {
  const hosts = Object.entries(HOSTS).map(
    ([name, more]) => `  - {name: ${name}, kind: process.host, allow_untrusted_ts: true${more}}`,
  );
  const perHost = Object.keys(HOSTS).flatMap(host => [
    `  - {name: ${host}.function, kind: function.lua, source: "file://traced.lua", modules: [logger], meta: {default_host: ${host}}}`,
    `  - {name: ${host}.process, kind: process.lua, source: "file://traced.lua", modules: [logger], meta: {default_host: ${host}}}`,
  ]);
  const policies = POLICIES.map(({ name, groups, actions, resources, effect, conditions, expression }) => {
    const kind = expression === undefined ? 'security.policy' : 'security.policy.expr';
    const rules = { actions, resources: resources ?? '*', effect: effect ?? 'allow', conditions, expression };
    return `  - ${JSON.stringify({ name, kind, groups, policy: rules })}`;
  });
  const programs = Object.entries(LANGUAGES).flatMap(([name, { run, operate, call }]) => [
    `  - {name: ${name}, ${run}}`,
    `  - {name: ${name}.operator, ${operate}}`,
    `  - {name: ${name}.function, ${call}, meta: {default_host: open}}`,
  ]);
  return `namespace: p
entries:
${[...hosts, ...perHost, ...policies, ...programs].join('\n')}
  - {name: idle, kind: process.lua, source: "file://idle.lua"}
  - {name: fails, kind: process.lua, source: "file://fails.lua", modules: [logger]}
  - {name: traced, kind: process.lua, source: "file://traced.lua", modules: [logger]}
  - {name: counted, kind: function.lua, source: "file://traced.lua", modules: [logger]}
  - {name: colored, kind: process.lua, source: "file://colored.lua", modules: [ctx]}
  - {name: asked, kind: process.lua, source: "file://asked.lua", modules: [security]}
  - {name: target, kind: process.lua, source: "file://target.lua", modules: [logger]}
`;
}

/** What came of a case: its answer, the records, the world; everything that differs from run to run by its `$name`. */
export interface Outcome {
  readonly answer: Answer & { readonly events?: readonly string[] };
  readonly audit: readonly object[];
  readonly seen: Seen;
}

interface Report {
  readonly mail: readonly string[];
  readonly events: readonly string[];
}

const STORE = 'default';
const LIMITS = { max_keys: 1e6, max_bytes: 1e6, max_value_bytes: 1000, sweep_every: 1000 };

export class PermissionWorld {
  readonly runtime: Runtime;
  readonly #services: Services;
  readonly #lines: string[];
  readonly #records: AuditRecord[];
  #cases = 0;

  private constructor(runtime: Runtime, services: Services, lines: string[], records: AuditRecord[]) {
    this.runtime = runtime;
    this.#services = services;
    this.#lines = lines;
    this.#records = records;
  }

  /** `settings`: of `.troupe.yaml`. */
  static async start(settings: string, workers: number): Promise<PermissionWorld> {
    const files = Object.fromEntries(
      ['agent.lua', 'agent.ts', 'agent.as.ts', 'answer.as.ts', 'operator.as.ts'].map(file => [
        `agents/${file}`,
        source(file),
      ]),
    );
    const root = writeDeployment({ 'permissions.yaml': yaml(), '.troupe.yaml': settings, ...PROGRAMS, ...files });
    mkdirSync(join(root, 'files'));
    const lines: string[] = [];
    const log: LogSink = { enabled: () => true, log: (_level, message) => void lines.push(message) };
    const services = createServices({ root, log, environment: { PERMITTED: 'yes' } });
    const records: AuditRecord[] = [];
    const runtime = await Runtime.start({
      deployment: await readDeployment(root),
      machines: machineTypes,
      machinesModule,
      workers,
      placement: 'round-robin',
      services,
      onAudit: record => void records.push(record),
    });
    return new PermissionWorld(runtime, services, lines, records);
  }

  /** Records that no case has taken: what was denied too late, or to nobody's knowledge. */
  get unclaimed(): readonly AuditRecord[] {
    return this.#records;
  }

  async stop(): Promise<void> {
    await this.runtime.stop();
  }

  /**
   * Let an agent do what a case says. `expected` is what the world should be like in the end: it is looked at until it
   * is, or for about a second.
   */
  async happen(one: Case, language: string, expected: Seen, records: number): Promise<Outcome> {
    const { runtime } = this;
    const { verb, on, actor, scope } = one;
    const host = one.host ?? on;
    const n = ++this.#cases;
    const known = new Map<string, string>([
      ['$key', `key-${n}`],
      ['$name', `name-${n}`],
      ['$host', host],
      ['$run', `p:${language}`],
      ['$function', `p:${language}.function`],
    ]);
    await this.#prepare(one, known);
    const allowed = one.denied === undefined;
    const wanted = allowed ? verb.agentEvents?.done : verb.agentEvents?.refused;
    const job = { ...filled(verb.job, known), events: wanted?.length };
    const identity = {
      ...(actor === undefined
        ? {}
        : contextOfActor(filled({ meta: {}, ...actor }, known) as Parameters<typeof contextOfActor>[0])),
      ...(scope === undefined ? {} : contextOfScope(scope)),
    };
    const id = `p:${language}${verb.operator ? '.operator' : ''}`;
    const request: IdentifiedRequest = { id, host: on, args: [job as Payload], identity };
    const { pid, exit } = runtime.watch(request);
    known.set('$agent', pid);
    let seen: Seen | undefined;
    if (wanted !== undefined) {
      await this.#until(() => this.#lines.includes(`${known.get('$key')} did`));
      seen = await this.#look(known, expected);
      const target = known.get('$target');
      if (target !== undefined) {
        runtime.terminate(target);
        await this.#until(() => runtime.send(target, 'report') !== undefined);
      }
      if (wanted.includes('pid.cancel')) runtime.cancel(pid);
    }
    let result: ExitResult | undefined;
    void exit.then(event => {
      result = event.result;
    });
    await this.#until(() => result !== undefined);
    if (result === undefined) {
      runtime.terminate(pid);
      await exit;
    }
    const answer = (result?.error === undefined ? result?.value : { error: result.error }) as Answer;
    // A child says where it is by the answer alone.
    if (typeof answer?.ok === 'string' && answer.ok.startsWith('{') && answer.ok !== known.get('$target')) {
      known.set('$child', answer.ok);
    }
    seen ??= await this.#look(known, expected);
    for (const one of ['$child', '$target']) if (known.has(one)) runtime.terminate(known.get(one)!);
    await this.#until(() => runtime.live === 0);
    await this.#until(() => this.#records.length >= records);
    const audit = this.#records.splice(0).map(record => auditOf(record, known));
    return {
      answer: emptied(told(answer, known)) as Outcome['answer'],
      audit: audit.map(one => emptied(one) as object),
      seen,
    };
  }

  async #prepare({ verb, on, host, target }: Case, known: Map<string, string>): Promise<void> {
    const { runtime } = this;
    if (verb.has === 'target' || verb.has === 'held') {
      const pid = runtime.spawn({ id: 'p:target', host: target ?? host ?? on });
      known.set('$target', pid);
      if (verb.has === 'held') runtime.register(known.get('$name')!, pid);
      await this.#report(pid);
    }
    if (verb.has === 'stored') {
      const key = known.get('$key')!;
      await this.#services.store.set(STORE, key, 'old', LIMITS);
      writeFileSync(this.#file(key), 'old');
    }
  }

  #file(key: string): string {
    return join(this.#services.root, 'files', key);
  }

  /** Look at the world until it is as expected, and once more where nothing should have happened. */
  async #look(known: ReadonlyMap<string, string>, expected: Seen): Promise<Seen> {
    let seen: Seen | undefined;
    await this.#until(async () => {
      seen = await this.#seen(known);
      return JSON.stringify(seen) === JSON.stringify(expected);
    });
    return seen!;
  }

  async #seen(known: ReadonlyMap<string, string>): Promise<Seen> {
    const { runtime } = this;
    const target = known.get('$target');
    const key = known.get('$key')!;
    const report = target === undefined ? undefined : await this.#report(target);
    const holder = runtime.lookup(known.get('$name')!);
    const stored = await this.#services.store.get(STORE, key);
    const agent = runtime.send(known.get('$agent')!, 'report') === undefined;
    return {
      mail: report?.mail ?? [],
      events: report?.events ?? [],
      alive: target !== undefined && report !== undefined,
      holder: holder === undefined ? undefined : nameOf(holder, known),
      children: runtime.live - Number(report !== undefined) - Number(agent),
      ran: this.#lines.includes(`${key} ran`),
      stored: stored ?? undefined,
      written: this.#written(key),
    };
  }

  #written(key: string): string | undefined {
    try {
      return readFileSync(this.#file(key), 'utf8');
    } catch {
      return undefined;
    }
  }

  /** What a target has got so far; undefined: it is gone. */
  async #report(pid: string): Promise<Report | undefined> {
    const { runtime } = this;
    const lines = this.#lines;
    const from = lines.length;
    let answer: string | undefined;
    if (runtime.send(pid, 'report') !== undefined) return undefined;
    // It may have ended with the question in its mailbox.
    await this.#until(() => {
      answer = lines.slice(from).find(line => line.startsWith(`${pid} got `));
      return answer !== undefined || runtime.send(pid, 'report') !== undefined;
    });
    if (answer === undefined) return undefined;
    const [mail, events] = answer.slice(`${pid} got `.length).split(';');
    return { mail: listed(mail), events: listed(events) };
  }

  async #until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let i = 0; i < 400 && !(await holds()); i++) await this.runtime.wait(i < 50 ? 0.2 : 2);
  }
}

function listed(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}

function nameOf(pid: string, known: ReadonlyMap<string, string>): string {
  for (const [name, text] of known) if (text === pid) return name;
  return '$child';
}

/** With what is known in the place of its names. */
function filled<T>(value: T, known: ReadonlyMap<string, string>): T {
  if (typeof value === 'string') {
    return value.replace(/\$\w+/g, name => known.get(name) ?? name) as T;
  }
  if (Array.isArray(value)) return value.map(one => filled(one, known)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const there = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(there.map(([key, one]) => [key, filled(one, known)])) as T;
}

const VARYING = ['$target', '$agent', '$child', '$name', '$key', '$function', '$run'];

/** The other way round. Hosts stay: they are the same in every run. */
function told<T>(value: T, known: ReadonlyMap<string, string>): T {
  if (typeof value === 'string') {
    let text: string = value;
    for (const name of VARYING.filter(one => known.has(one))) text = text.replaceAll(known.get(name)!, name);
    return text as T;
  }
  if (Array.isArray(value)) return value.map(one => told(one, known)) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) {
    const { kind, message, details } = value as Error & { kind?: string; details?: unknown };
    return told({ kind, message, details }, known) as T;
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, told(one, known)])) as T;
}

/** Without what is nothing, which is the same to programs as what is missing; and Lua's empty table is every empty thing. */
export function emptied(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? {} : value.map(emptied);
  if (typeof value !== 'object' || value === null) return value;
  const there = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(there.map(([key, one]) => [key, emptied(one)]));
}

function auditOf(record: AuditRecord, known: ReadonlyMap<string, string>): object {
  const { at, pid, id, ...rest } = record;
  return told(rest, known);
}
