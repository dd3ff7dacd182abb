/** Every capability that a host can grant, by the name written in YAML. */
import type { CapabilityDefinition } from './capability.ts';
import { base64Capability } from './base64.ts';
import { cryptoCapability } from './crypto.ts';
import { ctxCapability } from './ctx.ts';
import { envCapability } from './env.ts';
import { eventsCapability } from './events.ts';
import { fsCapability } from './fs.ts';
import { funcsCapability } from './funcs.ts';
import { grantSchema } from './grant.ts';
import { hashCapability } from './hash.ts';
import { httpClientCapability } from './http_client.ts';
import { ioCapability } from './io.ts';
import { jsonCapability } from './json.ts';
import { loggerCapability } from './logger.ts';
import { processSettings } from './process_settings.ts';
import { randomCapability } from './random.ts';
import { registryCapability } from './registry.ts';
import { securityCapability } from './security.ts';
import { storeCapability } from './store.ts';
import { textCapability } from './text.ts';
import { supervisorCapability } from './supervisor.ts';
import { timeCapability } from './time.ts';
import { uuidCapability } from './uuid.ts';

// Each operation takes the settings that its own capability validated; linking keeps the two together.
const definitions = [
  timeCapability,
  loggerCapability,
  jsonCapability,
  funcsCapability,
  ctxCapability,
  randomCapability,
  uuidCapability,
  base64Capability,
  hashCapability,
  textCapability,
  registryCapability,
  securityCapability,
  storeCapability,
  eventsCapability,
  supervisorCapability,
  ioCapability,
  fsCapability,
  httpClientCapability,
  envCapability,
  cryptoCapability,
] as readonly unknown[] as readonly CapabilityDefinition[];

export const capabilityDefinitions: ReadonlyMap<string, CapabilityDefinition> = new Map(
  definitions.map(definition => [definition.name, definition]),
);

/** What the registry checks the `capabilities` of hosts against. */
export const capabilityScope = {
  capabilities: [...capabilityDefinitions.keys()],
  capabilitySettings: {
    process: processSettings,
    ...Object.fromEntries(
      [...capabilityDefinitions.values()].map(definition => [definition.name, grantSchema(definition)]),
    ),
  },
  capabilityReferences: Object.fromEntries(
    [...capabilityDefinitions.values()].map(definition => [definition.name, definition.references]),
  ),
};
