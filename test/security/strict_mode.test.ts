/** Who has neither actor nor scope may do everything, unless the host is strict, or the settings say what holds for all. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { deploy } from '../deploy.ts';

const test = suite('strict mode');

const SOURCE = `import { defineProcess } from 'troupe/sdk';
export default defineProcess(self => self.capability('security').can('read', 'doc:1'));`;

const LUA = 'return function() return require("security").can("read", "doc:1") end';

const YAML = `version: "1.0"
namespace: app
entries:
  - {name: open, kind: process.host, allow_untrusted_ts: true}
  - {name: declared, kind: process.host, allow_untrusted_ts: true, capabilities: {security: {}}}
  - {name: terminal, kind: terminal.host, allow_untrusted_ts: true}
  - {name: declaredterminal, kind: terminal.host, allow_untrusted_ts: true, capabilities: {security: {}}}
  - {name: read, kind: security.policy, policy: {actions: read, resources: "doc:*", effect: allow}}
  - {name: typescript, kind: process.ts, source: file://may.ts, imports: [security]}
  - {name: lua, kind: process.lua, source: file://may.lua, modules: [security]}
`;

/** What `can` answers on each host, all of them in the order of the YAML; for the usual, and for one with a scope. */
async function answers(settings: string, workers: number): Promise<{ plain: boolean[]; scoped: boolean[] }> {
  const files = { 'app.yaml': YAML, 'may.ts': SOURCE, 'may.lua': LUA };
  const runtime = await deploy({ ...files, '.troupe.yaml': settings }, { workers });
  try {
    const plain: boolean[] = [];
    const scoped: boolean[] = [];
    for (const host of ['app:open', 'app:declared', 'app:terminal', 'app:declaredterminal']) {
      for (const id of ['app:typescript', 'app:lua']) {
        plain.push((await runtime.exec({ id, host })) as boolean);
        const request: IdentifiedRequest = { id, host, identity: contextOfScope(['app:read']) };
        scoped.push((await runtime.exec(request)) as boolean);
      }
    }
    return { plain, scoped };
  } finally {
    await runtime.stop();
  }
}

const ALL = Array.from({ length: 8 }, () => true);

for (const workers of [0, 2]) {
  test(`a host that declares its capabilities is strict, another is not, ${workers} workers`, async () => {
    const { plain, scoped } = await answers('', workers);
    assert.equal(plain, [true, true, false, false, true, true, false, false]);
    assert.equal(scoped, ALL);
  });

  test(`security.strict_mode holds for every host, ${workers} workers`, async () => {
    const strict = await answers('security: {strict_mode: true}\n', workers);
    assert.equal(strict, { plain: ALL.map(() => false), scoped: ALL });
    assert.equal(await answers('security: {strict_mode: false}\n', workers), { plain: ALL, scoped: ALL });
  });
}

test.run();
