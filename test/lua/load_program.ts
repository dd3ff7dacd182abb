/** A Lua program without a deployment. */
import { createHash } from 'node:crypto';
import type { Bundle } from '../../machines/lua/bundle.ts';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { LuaProgram } from '../../machines/lua/program.ts';
import type { Entry, ImportTable } from '../../runtime/machine.ts';
import { importTable } from '../bare_process.ts';

export function loadProgram(source: string, limits: Partial<ImportTable> = {}, regions?: unknown): LuaProgram {
  const bundle: Bundle = {
    units: [{ id: 'app:main', chunkName: '@main.lua', text: source, aliases: {}, place: 'app.yaml:1:1' }],
    modules: [],
  };
  const entry = { id: 'app:main' } as Entry;
  const sha256 = createHash('sha256').update(source).digest('hex');
  return new LuaProgram(engineOfThread(regions), entry, { sha256, data: bundle }, importTable(limits), regions);
}
