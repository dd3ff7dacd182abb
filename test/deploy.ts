/** Deployments for tests: files in a temporary folder, loaded and started with every language. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { machinesModule, machineTypes } from '../machines/index.ts';
import type { MachineType } from '../runtime/machine.ts';
import { Runtime } from '../runtime/runtime.ts';
import { readDeployment, type StartOptions } from '../sdk/embed/index.ts';

export interface Files {
  readonly [path: string]: string | Uint8Array;
}

export interface DeployOptions extends StartOptions {
  /** Of the main thread; default: every language. */
  readonly machines?: readonly MachineType[];
}

const folders: string[] = [];

process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * Write files into a fresh temporary folder, removed when the test process ends; answers its path. Without settings of its
 * own the deployment is not strict: a test that is not about policies needs none.
 */
export function writeDeployment(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'troupe-'));
  folders.push(root);
  const settings = { '.troupe.yaml': 'security: {strict_mode: false}\n' };
  for (const [path, content] of Object.entries({ ...settings, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

/** Load and start a deployment given as files; on this thread unless `workers` says otherwise. */
export async function deploy(files: Files, options: DeployOptions = {}): Promise<Runtime> {
  const deployment = await readDeployment(writeDeployment(files));
  return Runtime.start({ workers: 0, machines: machineTypes, ...options, deployment, machinesModule });
}
