import type { BoundCapability } from '../../../runtime/capabilities/capability.ts';
import type { ImportTable } from '../../../runtime/machine.ts';

/** The capabilities that WASI reaches; each is there where the entry names it in `imports:` and its host grants it. */
export interface WasiGrants {
  readonly io: BoundCapability | undefined;
  readonly logger: BoundCapability | undefined;
  readonly fs: BoundCapability | undefined;
  readonly time: BoundCapability | undefined;
  readonly random: BoundCapability | undefined;
  readonly env: BoundCapability | undefined;
}

export function wasiGrants(imports: ImportTable): WasiGrants {
  return {
    io: imports.get('io'),
    logger: imports.get('logger'),
    fs: imports.get('fs'),
    time: imports.get('time'),
    random: imports.get('random'),
    env: imports.get('env'),
  };
}
