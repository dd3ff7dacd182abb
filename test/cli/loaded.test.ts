/** What a command loads before it does anything: help and commands to what runs must be there at once. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('what commands load');
const ENTRY = new URL('../../sdk/embed/main.js', import.meta.url);
const COMMANDS = new URL('../../runtime/cli/', import.meta.url);
const IMPORT = /^(?:import|export)(?:[\w\s{},*$]*?from)?\s*['"]([^'"]+)['"]/gm;

/** Modules and packages that are loaded with a module; what it imports later on is not. */
function loadedWith(entry: URL): Set<string> {
  const loaded = new Set<string>();
  const waiting = [entry.href];
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    if (loaded.has(url)) continue;
    loaded.add(url);
    if (!url.startsWith('file:')) continue;
    for (const [, name] of readFileSync(new URL(url), 'utf8').matchAll(IMPORT)) {
      waiting.push(name.startsWith('.') ? new URL(name, url).href : name);
    }
  }
  return loaded;
}

function heavy(loaded: Set<string>): string[] {
  return [...loaded].filter(name => /\/machines\/|\/capabilities\/|\/runtime\.js$|^(zod|yaml|esbuild)\b/.test(name));
}

test('the command line knows all commands and loads none of them', () => {
  assert.equal(heavy(loadedWith(ENTRY)), []);
});

for (const command of ['ps', 'inspect', 'upgrade', 'send', 'end_process', 'services', 'registry']) {
  test(`${command}: neither languages nor the runtime, nor libraries that read deployments`, () => {
    assert.equal(heavy(loadedWith(new URL(`${command}.js`, COMMANDS))), []);
  });
}

test('what runs a deployment is found to be heavy', () => {
  assert.ok(heavy(loadedWith(new URL('run.js', COMMANDS))).includes('zod'));
});

test.run();
