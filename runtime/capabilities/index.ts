/** Every capability that a host can grant, by the name written in YAML. */
import type { CapabilityDefinition } from './capability.ts';
import { ctxCapability } from './ctx.ts';
import { envCapability } from './env.ts';
import { fsCapability } from './fs.ts';
import { funcsCapability } from './funcs.ts';
import { ioCapability } from './io.ts';
import { jsonCapability } from './json.ts';
import { loggerCapability } from './logger.ts';
import { randomCapability } from './random.ts';
import { storeCapability } from './store.ts';
import { timeCapability } from './time.ts';

// Each operation takes the settings that its own capability validated; linking keeps the two together.
const definitions = [
  timeCapability,
  loggerCapability,
  jsonCapability,
  funcsCapability,
  ctxCapability,
  randomCapability,
  storeCapability,
  ioCapability,
  fsCapability,
  envCapability,
] as readonly unknown[] as readonly CapabilityDefinition[];

export const capabilityDefinitions: ReadonlyMap<string, CapabilityDefinition> = new Map(
  definitions.map(definition => [definition.name, definition]),
);

/** What the registry checks the `capabilities` of hosts against. */
export const capabilityScope = {
  capabilities: [...capabilityDefinitions.keys()],
  capabilitySettings: Object.fromEntries(
    [...capabilityDefinitions.values()].map(definition => [definition.name, definition.settings]),
  ),
};
