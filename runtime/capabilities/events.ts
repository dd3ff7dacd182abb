/** `events`: to publish what has happened, and to hear of it, among all processes of a runtime. */
import { z } from 'zod';
import { reservedTopic } from '../catalogue.ts';
import { TroupeError } from '../errors.ts';
import { count, text as writtenText } from '../registry/schema.ts';
import { matchesGlob } from '../security/decision.ts';
import { identityIn } from '../security/identity.ts';
import { invalid } from './arguments.ts';
import { type CallContext, type CapabilityDefinition, type Guarded, operation } from './capability.ts';
import { any, integer, optional, text } from './parameters.ts';
import { servicesOf } from './services.ts';

const settings = z.strictObject({
  /** Globs: the systems whose events programs may publish and hear. */
  systems: z.array(writtenText()).default(['*']),
  publish: z.boolean().default(true),
  subscribe: z.boolean().default(true),
  /** Of one process. */
  max_subscriptions: count(1).default(100),
});
type Settings = z.infer<typeof settings>;

const LONGEST_NAME = 256;
const LONGEST_PATH = 4096;
/** Events of one process that are on their way to the main thread. */
const MOST_ON_THEIR_WAY = 1000;

export const eventsCapability: CapabilityDefinition<Settings> = {
  name: 'events',
  summary: 'Events among all processes of a runtime, published and heard by system and kind',
  settings,
  grantedByDefault: true,
  operations: {
    send: operation({
      summary: 'Publish an event; answers to how many subscriptions it was given',
      args: [text('system'), text('kind'), optional(text('path')), optional(any('data'))],
      action: 'events.send',
      guards: (_context, _settings, [system, kind]) => guarded('send', publishedAs(system, kind)),
      mode: 'async',
      run: async (context, granted: Settings, [system, kind, path, data]) => {
        checkGranted(context, granted, 'send', publishedAs(system, kind).system);
        if (path !== undefined) checkLength('send', 'path', path, LONGEST_PATH);
        const leave = enter(context);
        try {
          return await servicesOf(context).events.publish({ from: context.pid, system, kind, path, data });
        } finally {
          leave();
        }
      },
    }),
    subscribe: operation({
      summary:
        'Get the events of a system as messages on topic ("events"); kind is a glob (default: all); answers an id',
      args: [text('system'), optional(text('kind'), '*'), optional(text('topic'), 'events')],
      action: 'events.subscribe',
      guards: (_context, _settings, [system, kind]) => guarded('subscribe', subscribedAs(system, kind)),
      mode: 'async',
      run: async (context, granted: Settings, [system, kind, topic]) => {
        checkGranted(context, granted, 'subscribe', subscribedAs(system, kind).system);
        if (topic.startsWith('@')) throw reservedTopic(topic);
        checkLength('subscribe', 'topic', topic, LONGEST_NAME);
        const identity = identityIn(context.values ?? {});
        const subscription = { pid: context.pid, entry: context.id, system, kind, topic, identity };
        return await servicesOf(context).events.subscribe(subscription, granted.max_subscriptions);
      },
    }),
    unsubscribe: operation({
      summary: 'End a subscription of the process; whether there was one',
      args: [integer('id', 0)],
      mode: 'async',
      run: async (context, _settings, [id]) => await servicesOf(context).events.unsubscribe(context.pid, id),
    }),
  },
};

interface Named {
  readonly system: string;
  readonly kind: string;
}

function publishedAs(system: string, kind: string): Named {
  return { system: nameOf('send', 'system', system), kind: nameOf('send', 'kind', kind) };
}

/** `kind`: a glob. */
function subscribedAs(system: string, kind: string): Named {
  checkLength('subscribe', 'kind', kind, LONGEST_NAME);
  return { system: nameOf('subscribe', 'system', system), kind };
}

/** Without what globs and policies give a meaning to. */
function nameOf(operation: string, name: string, text: string): string {
  checkLength(operation, name, text, LONGEST_NAME);
  const forbidden = name === 'system' ? /[*:]/ : /\*/;
  if (!forbidden.test(text)) return text;
  throw invalid(
    `events.${operation}`,
    `${name} cannot be "${text}": it must not hold "*"${name === 'system' ? ' or ":"' : ''}`,
  );
}

function checkLength(operation: string, name: string, text: string, most: number): void {
  if (text !== '' && text.length <= most) return;
  throw invalid(`events.${operation}`, `${name} must have 1 to ${most} characters, got ${text.length}`);
}

function guarded(operation: 'send' | 'subscribe', { system, kind }: Named): Guarded[] {
  return [{ action: `events.${operation}`, resource: `${system}:${kind}` }];
}

function checkGranted(context: CallContext, granted: Settings, operation: 'send' | 'subscribe', system: string): void {
  const key = operation === 'send' ? 'publish' : 'subscribe';
  if (!granted[key]) {
    throw denied(context, operation, `does not allow to ${key}; say ${key}: true`);
  }
  if (granted.systems.some(glob => matchesGlob(glob, system))) return;
  throw denied(context, operation, `does not allow the system "${system}"; add it to systems`);
}

function denied({ host }: CallContext, operation: string, text: string): TroupeError {
  return new TroupeError(`events.${operation}: ${host} ${text} under its capabilities: {events: ...}`, {
    kind: 'PERMISSION_DENIED',
    retryable: false,
  });
}

const onTheirWay = new WeakMap<CallContext, number>();

/** Answers how to leave again. Who does not wait for its events must not fill the memory of the main thread. */
function enter(context: CallContext): () => void {
  const count = onTheirWay.get(context) ?? 0;
  if (count >= MOST_ON_THEIR_WAY) {
    throw new TroupeError(
      `events.send: ${MOST_ON_THEIR_WAY} events of the process are on their way already; wait for them first`,
      { kind: 'RATE_LIMITED', retryable: true },
    );
  }
  onTheirWay.set(context, count + 1);
  return () => onTheirWay.set(context, onTheirWay.get(context)! - 1);
}
