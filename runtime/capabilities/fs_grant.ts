/** What a host grants with `fs`: the settings, and the folder that they mean. */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import type { CallContext } from './capability.ts';
import { Folder } from './fs_folder.ts';
import { servicesOf } from './services.ts';

export const fsSettings = z.strictObject({
  /** The folder that programs see, relative to the deployment's folder. */
  root: z.string().min(1).default('.'),
  /** Whether they may change it. */
  write: z.boolean().default(false),
  /** Where a relative path starts: at the root, or at the folder in which the command was given. */
  relative_to: z.enum(['root', 'working_directory']).default('root'),
});
export type FsSettings = z.infer<typeof fsSettings>;

/** The granted folder, for reading. */
export function readableFolder(context: CallContext, granted: FsSettings): Folder {
  return new Folder(servicesOf(context).root, granted.root, granted.relative_to, context.host);
}

/** The granted folder, for changes; throws PERMISSION_DENIED where the host grants reading only. */
export function writableFolder(context: CallContext, granted: FsSettings, operation: string): Folder {
  checkWritable(context, granted, operation);
  return readableFolder(context, granted);
}

/** PERMISSION_DENIED where the host grants reading only: also what an open file would let happen. */
export function checkWritable(context: CallContext, granted: FsSettings, operation: string): void {
  if (granted.write) return;
  throw new TroupeError(
    `${operation}: ${context.host} grants reading only; say "write: true" under its capabilities: {fs: ...} to change files`,
    { kind: 'PERMISSION_DENIED', retryable: false, details: { code: 'EROFS' } },
  );
}
