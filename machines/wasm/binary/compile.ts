import { notAModule } from './reader.ts';

/** V8 ends its messages with the offset of the byte. */
const OFFSET = / @\+(\d+)$/;

/** The engine's own check and translation. Throws `not a WebAssembly module: ...` (INVALID, with the byte's offset). */
export function compileModule(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (thrown) {
    const reason = (thrown as Error).message.replace(/^WebAssembly\.Module\(\): /, '');
    throw notAModule(reason.replace(OFFSET, ''), Number(OFFSET.exec(reason)?.[1] ?? 0));
  }
}
