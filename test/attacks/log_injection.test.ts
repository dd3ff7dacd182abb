/** Attack: what a program logs, or fails with, forges lines of the log or steers the terminal that shows it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { showError } from '../../runtime/cli/report.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import { LineLog } from '../../runtime/logger.ts';
import { deploy, type Files } from '../deploy.ts';

const test = suite('attack: log injection');

/** A line as the runtime writes them, a screen that is cleared, text that runs backwards, a second field. */
const FORGED =
  '\n2026-01-01T00:00:00.000Z INFO  app:admin {app:host|0x00001} let in\r\u001b[2J\u009b31m\u202e" admin="true';

const YAML = `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: tty, kind: terminal.host}
`;

const LANGUAGES: { readonly [language: string]: Files } = {
  lua: {
    'app.yaml': `${YAML}
  - {name: main, kind: process.lua, source: file://main.lua, modules: [logger]}
  - {name: print, kind: process.lua, source: file://print.lua, modules: [io], meta: {default_host: tty}}
`,
    'main.lua': `local logger = require("logger")
return function(forged)
  logger.info(forged, {[forged] = forged, list = {forged}})
  logger.info({forged})
  error(errors.new(forged))
end`,
    'print.lua': 'return function(forged) require("io").write(forged) end',
  },
  typescript: {
    'app.yaml': `${YAML}
  - {name: main, kind: process.ts, source: file://main.ts, imports: [logger]}
`,
    'main.ts': `import { defineProcess, TroupeError } from 'troupe/sdk';
export default defineProcess(function* (self, forged: string) {
  self.logger.info(forged, { [forged]: forged, list: [forged] });
  self.logger.info([forged]);
  throw new TroupeError(forged);
});`,
  },
  wasm: {
    'app.yaml': `${YAML}
  - {name: main, kind: process.wasm, source: file://main.as.ts, language: assemblyscript, imports: [logger]}
`,
    'main.as.ts': `import { log, self, Value } from 'troupe';
export function main(): void {
  const forged = self.args[0].asString();
  const list = Value.list([self.args[0]]);
  log.info(forged, Value.map().set(forged, forged).set('list', list));
  log.info(list.toString());
  self.fail(forged);
}`,
  },
};

for (const [language, files] of Object.entries(LANGUAGES)) {
  for (const format of ['text', 'json'] as const) {
    test(`${language}, ${format}: every record is one line, by who wrote it, in which nothing is forged`, async () => {
      let written = '';
      const log = new LineLog({ level: 'info', format, clock: systemClock, write: line => (written += line) });
      const runtime = await deploy(files, {
        services: createServices({ log }),
        onCrash: (pid, id, error) => log.log('error', `process ended: ${error.message}`, {}, { id, pid }),
      });
      let pid = '';
      let error: TroupeError | undefined;
      try {
        const watched = runtime.watch({ id: 'app:main', host: 'app:host', args: [FORGED] });
        pid = watched.pid;
        error = (await watched.exit).result?.error;
      } finally {
        await runtime.stop();
      }
      assert.ok(written.endsWith('\n'));
      const lines = written.slice(0, -1).split('\n');
      assert.is(lines.length, 3, written);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
      for (const line of lines) assert.not.match(line, /[\u0000-\u001f\u007f-\u009f\u202e]/);
      if (format === 'json') {
        const records = lines.map(line => JSON.parse(line) as { [key: string]: unknown });
        for (const record of records) assert.equal([record.id, record.pid], ['app:main', pid]);
        assert.is(records[0].message, FORGED);
        assert.equal(records[0].fields, { [FORGED]: FORGED, list: [FORGED] });
      } else {
        for (const line of lines) assert.match(line.slice(25), new RegExp(`^(INFO |ERROR) app:main ${escaped(pid)} `));
        // Outside of quotations there is no second field.
        const fields = lines[0].slice(lines[0].lastIndexOf(' list='));
        assert.is(fields.includes('" admin="true'), false, fields);
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
      assert.not.match(showError(error!).replaceAll('\n', ''), /[\u0000-\u001f\u007f-\u009f\u202e]/);
      assert.not.match(showError(error!), /^2026/m, 'no line of an error can pass for one of the log');
    });
  }
}

test('control: who was granted the terminal may steer it', async () => {
  const terminal = new MemoryTerminal();
  const runtime = await deploy(LANGUAGES.lua, { services: createServices({ terminal }) });
  try {
    await runtime.exec({ id: 'app:print', args: [FORGED] });
    assert.is(terminal.output, FORGED);
  } finally {
    await runtime.stop();
  }
});

function escaped(text: string): string {
  return text.replace(/[\\{}|^$.*+?()[\]]/g, '\\$&');
}

test.run();
