/** What the documentation shows is compiled. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, missing, REPOSITORY, type Toolchain } from './prebuilt.ts';

/**
 * Add a test for each way to compile: all blocks of this language in these files of the repository. Says why where there
 * is no compiler.
 */
export function checkSnippets(
  test: Test,
  language: string,
  files: readonly string[],
  ways: readonly (readonly [toolchain: Toolchain, flags: readonly string[]])[],
): void {
  const blocks = files.flatMap(file => {
    const text = readFileSync(join(REPOSITORY, file), 'utf8');
    return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code);
  });
  for (const [toolchain, flags] of ways) {
    const reason = missing(toolchain);
    if (reason !== undefined) {
      console.log(`skip: what the documentation shows, compiled (${toolchain}): ${reason}`);
      continue;
    }
    test(`what ${files.join(' and ')} show compiles (${[toolchain, ...flags].join(' ')})`, () => {
      assert.ok(blocks.length >= files.length);
      const folder = mkdtempSync(join(tmpdir(), 'troupe-snippet-'));
      try {
        for (const code of blocks) {
          const source = join(folder, language === 'rust' ? 'snippet.rs' : 'snippet.c');
          writeFileSync(source, code);
          compile({ source, toolchain, flags }, join(folder, 'snippet.wasm'));
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
}
