import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { generateLog, type LogOptions, SAMPLE } from './access_log_generator.ts';
import { analyse, command, copyOf, EXAMPLES, fileOf, type Job, SAMPLE_FILE, start } from './access_log_job.ts';
import { referenceReport } from './access_log_reference.ts';

const ROOT = join(EXAMPLES, 'access-log');
const LINE = '192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "curl/8"';

const test = suite<{ runtime: Runtime }>('access log');

test.before(async context => {
  context.runtime = await start(ROOT);
});

test.after(async ({ runtime }) => {
  await runtime.stop();
});

async function check(runtime: Runtime, log: string | Uint8Array, job: Job = {}): Promise<void> {
  const bytes = typeof log === 'string' ? Buffer.from(log) : log;
  const { report } = await analyse(runtime, fileOf(bytes), job);
  assert.equal(report, referenceReport(bytes));
}

test('the sample is what its generator makes, and every rule and level occurs in it', () => {
  const log = readFileSync(SAMPLE_FILE);
  assert.ok(log.equals(Buffer.from(generateLog(SAMPLE))));
  const { alerts, level, malformed } = referenceReport(log);
  assert.equal(
    alerts.map(alert => alert.rule),
    ['scanner', 'brute_force', 'traversal'],
  );
  assert.equal([...new Set(level.map(change => change.state))].sort(), ['critical', 'elevated', 'normal']);
  assert.ok(malformed > 0);
});

test('the command prints the report as JSON, the same as computed independently', async () => {
  const terminal = new MemoryTerminal({ args: [SAMPLE_FILE, '--json'] });
  const { exit } = await command(ROOT, 'log:analyze', terminal);
  assert.is(exit.value, 0);
  assert.equal(JSON.parse(terminal.output), referenceReport(readFileSync(SAMPLE_FILE)));
  assert.is(terminal.errors, '');
});

test('worker threads give the same report', async () => {
  const terminal = new MemoryTerminal({ args: [SAMPLE_FILE, '--json', '--chaos', '2', '--top', '3'] });
  await command(ROOT, 'log:analyze', terminal, { workers: 2 });
  assert.equal(JSON.parse(terminal.output), referenceReport(readFileSync(SAMPLE_FILE), 3));
});

test('without --json it prints tables and a chart, and a progress bar on a screen', async () => {
  const terminal = new MemoryTerminal({ args: [SAMPLE_FILE], columns: 100, isTty: true });
  await command(ROOT, 'log:analyze', terminal);
  for (const text of [
    'Requests per minute',
    '\u2588',
    'brute_force  198.51.100.23',
    'malformed  5',
    'critical  2026-',
  ]) {
    assert.ok(terminal.output.includes(text), `${text} in\n${terminal.output}`);
  }
  assert.match(terminal.errors, '\u2588 100% 3 108 requests');
  for (const line of terminal.output.split('\n')) assert.ok(line.length <= 100, line);
});

test('what strangers wrote into the log cannot steer the terminal', async () => {
  const file = fileOf(`${LINE.replace('/a?b=c', '/\u001b[2J\u009b\u202eevil')}\n`);
  const terminal = new MemoryTerminal({ args: [file] });
  await command(ROOT, 'log:analyze', terminal);
  assert.match(terminal.output, '/\\x1b[2J\\x9b\\x202eevil');
  assert.not.match(terminal.output, '\u001b');
});

test('wrong calls say what is wrong and how to call', async () => {
  const run = async (...args: string[]) => {
    const { terminal, exit } = await command(ROOT, 'log:analyze', new MemoryTerminal({ args }));
    assert.is(terminal.output, '');
    return { code: exit.value, line: terminal.errors.split('\n')[0], usage: terminal.errors.includes('usage:') };
  };
  assert.equal(await run(), { code: 2, line: 'which file?', usage: true });
  assert.equal(await run('a', 'b'), { code: 2, line: 'one file at a time: a or b?', usage: true });
  assert.equal(await run('a', '--no'), { code: 2, line: 'there is no option --no', usage: true });
  assert.equal(await run('a', '--top', '0'), {
    code: 2,
    line: '--top takes a whole number from 1 to 10000',
    usage: true,
  });
  const missing = await run('/no/such.log');
  assert.equal([missing.code, missing.usage], [1, false]);
  assert.match(missing.line, '"/no/such.log": there is no such file');
});

test('generated logs, however they are cut and by however many parsers they are read', async ({ runtime }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.record<LogOptions>({
        seed: fc.nat(),
        requests: fc.integer({ min: 0, max: 600 }),
        start: fc.integer({ min: 0, max: 4e9 }),
        seconds: fc.integer({ min: 1, max: 200_000 }),
        attacks: fc.boolean(),
        malformed: fc.constantFrom(0, 0.05, 0.5),
      }),
      fc.record<Job>({
        chunk: fc.constantFrom(300, 4096, 65_536),
        parsers: fc.integer({ min: 1, max: 4 }),
        chaos: fc.integer({ min: 0, max: 3 }),
      }),
      async (options, job) => await check(runtime, generateLog(options), job),
    ),
    { numRuns: 25 },
  );
});

test('lines that are almost log lines', async ({ runtime }) => {
  const damage = fc.oneof(
    fc.constant(LINE),
    // One byte of a good line replaced, doubled or missing.
    fc
      .tuple(
        fc.nat(LINE.length - 1),
        fc.constantFrom('', ' ', '"', '\\', '[', ']', '-', '9', '\r', '\u00e9', '\ud83d\ude00'),
      )
      .map(([at, by]) => LINE.slice(0, at) + by + LINE.slice(at + 1)),
    fc.nat(LINE.length).map(length => LINE.slice(0, length)),
    fc.string({ unit: 'binary' }).map(text => text.replaceAll('\n', ' ')),
    fc.string({ unit: 'binary' }).map(text => LINE.replace('/a?b=c', text.replaceAll('\n', ' '))),
    fc.constantFrom(
      '',
      `${LINE} "-" 0.013`,
      `${LINE}x`,
      LINE.replace('GET /a?b=c HTTP/1.1', '-'),
      LINE.replace('GET /a?b=c HTTP/1.1', ''),
      LINE.replace('GET /a?b=c HTTP/1.1', 'GET ?q HTTP/1.1'),
      LINE.replace('GET /a?b=c', 'GET /say\\"hi\\"'),
      LINE.replace('"-"', '"https://a.example/?q=\\"x\\""'),
      LINE.replace('- -', '- Ada Lovelace'),
      LINE.replace('02/Jan', '29/Feb'),
      LINE.replace('02/Jan/2026', '29/Feb/2024'),
      LINE.replace('+0000', '-0730'),
      LINE.replace('512', '-'),
      LINE.replace('512', '999999999999999'),
      LINE.replace('512', '1000000000000000'),
      LINE.replace(' 200 ', ' 099 '),
      LINE.replace('/a', `/${'x'.repeat(600)}`),
      LINE.replace('/a', `/${'\u20ac'.repeat(300)}`),
    ),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(damage, { maxLength: 30 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (lines, end, last) => await check(runtime, lines.join(end) + (last ? end : ''), { chunk: 200 }),
    ),
    { numRuns: 60 },
  );
});

test('bytes that are not UTF-8', async ({ runtime }) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 12 }), { minLength: 1, maxLength: 20 }), async targets => {
      const lines = targets.map(target =>
        Buffer.concat([
          Buffer.from(LINE.slice(0, LINE.indexOf('/a'))),
          target.map(byte => (byte === 10 ? 11 : byte)),
          Buffer.from(`${LINE.slice(LINE.indexOf('?'))}\n`),
        ]),
      );
      await check(runtime, Buffer.concat(lines));
    }),
    { numRuns: 40 },
  );
});

test('nothing at all, one line without an end, blank lines, no request', async ({ runtime }) => {
  for (const log of ['', '\n', '\n\n\n', LINE, `${LINE}\n`, `${LINE}\r\n${LINE}\r`, 'no log\nat all']) {
    await check(runtime, log);
  }
  const { report } = await analyse(runtime, fileOf(''));
  assert.equal([report.lines, report.requests, report.size_percentiles.p50, report.level], [0, 0, null, []]);
});

test('a line as long as many chunks is one malformed line', async ({ runtime }) => {
  const long = LINE.replace('/a', `/${'x'.repeat(300_000)}`);
  const limit = LINE.replace('/a', `/${'x'.repeat(65_536 - LINE.length - 1)}`);
  for (const log of [
    `${LINE}\n${long}\n${LINE}\n`,
    `${long}\n${long}`,
    `${'y'.repeat(200_000)}`,
    `${limit}\n${LINE}\n${limit}x\n${LINE}`,
    `${'z'.repeat(65_536)}\n\n${LINE}\n`,
  ]) {
    for (const chunk of [1000, 65_536, 262_144]) await check(runtime, log, { chunk });
  }
});

test('a packed log gives the same report as a plain one; a damaged one says so', async ({ runtime }) => {
  const log = generateLog({ ...SAMPLE, seed: 7, requests: 800 });
  const packed = gzipSync(log);
  for (const suffix of ['.gz', '.log']) {
    const { report } = await analyse(runtime, fileOf(packed, suffix), { chunk: 10_000 });
    assert.equal(report, referenceReport(Buffer.from(log)));
  }
  const { report } = await analyse(runtime, fileOf(packed.subarray(0, packed.length - 9)));
  assert.match(report.failed as string, 'damaged or cut off');
});

test('parsers that crash are replaced, and no line is lost or counted twice', async ({ runtime }) => {
  const log = generateLog({ ...SAMPLE, seed: 8, requests: 900 });
  const file = fileOf(log);
  const chunk = 8192;
  const chunks = Math.ceil(log.length / chunk);
  for (const parsers of [1, 3]) {
    const { report, restarts } = await analyse(runtime, file, { chunk, parsers, chaos: 1 });
    assert.equal(report, referenceReport(Buffer.from(log)));
    // Every chunk killed the first parser that got it.
    assert.ok(restarts >= chunks - parsers, `${restarts} restarts for ${chunks} chunks`);
  }
});

test('a chunk that kills every parser ends the job with a reason, and leaves nothing running', async () => {
  const killer = `import { receive } from 'troupe';
    export function main(): void { receive(); unreachable(); }
  `;
  const runtime = await start(copyOf('access-log', { 'parser.as.ts': killer }));
  try {
    let message = '';
    await analyse(runtime, fileOf(LINE)).catch((error: Error) => {
      message = error.message;
    });
    assert.match(message, /^chunk 0 of the log \(\d+ bytes\) crashed 3 parsers: .*unreachable/);
    assert.ok(await runtime.drained(5000));
  } finally {
    await runtime.stop();
  }
});

test('a rule with an error ends the job and says in which file and line', async () => {
  const rules = `return {{ name = "bad", watch = { status = { 200 } }, threshold = 1, within = 1, severity = "warning",
    matches = function(request) return request.nothing.here end }}`;
  const runtime = await start(copyOf('access-log', { 'rules.lua': rules }));
  try {
    const error = await analyse(runtime, fileOf(LINE)).then(
      () => undefined,
      (thrown: TroupeError) => thrown,
    );
    assert.match(error?.message as string, "attempt to index a nil value (field 'nothing')");
    assert.match(error?.place as string, 'rules.lua:2');
  } finally {
    await runtime.stop();
  }
});

test('a cancelled command ends, and with it the whole job', async () => {
  const file = fileOf(generateLog({ ...SAMPLE, requests: 20_000 }));
  const terminal = new MemoryTerminal({ args: [file], isTty: true });
  const runtime = await start(ROOT, { services: createServices({ root: ROOT, terminal, log: silentLog }) });
  try {
    const { pid, exit } = runtime.watch({ id: 'log:analyze', host: 'log:terminal' });
    runtime.cancel(pid, 'interrupted');
    const { error } = (await exit).result ?? {};
    assert.is(error?.kind, 'CANCELED');
    assert.ok(await runtime.drained(5000));
    assert.is(terminal.output, '');
  } finally {
    await runtime.stop();
  }
});

test('a job leaves no process behind', async ({ runtime }) => {
  await analyse(runtime, SAMPLE_FILE, { parsers: 4, chaos: 2 });
  assert.ok(await runtime.drained(5000));
});

test.run();
