/** Makes all binaries of `prebuilt.ts` anew, and the record of what they are from: `node dist/test/sdk/build.js`. */
import { join } from 'node:path';
import { compile, missing, PREBUILT, REPOSITORY, writeRecord } from './prebuilt.ts';

for (const toolchain of new Set(PREBUILT.map(one => one.toolchain))) {
  const reason = missing(toolchain);
  if (reason === undefined) continue;
  process.stderr.write(`the ${toolchain} binaries cannot be made here: ${reason}\n`);
  process.exit(1);
}
for (const one of PREBUILT) {
  compile(one, join(REPOSITORY, one.wasm));
  console.log(one.wasm);
}
writeRecord();
