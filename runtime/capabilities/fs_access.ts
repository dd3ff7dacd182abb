/** From a path that a program gives to the place that an operation works on, or to the refusal. */
import { TroupeError } from '../errors.ts';
import type { CallContext, Guarded } from './capability.ts';
import { notAFile } from './fs_errors.ts';
import { type FsSettings, type Mount, mountsOf } from './fs_mounts.ts';
import { Place } from './fs_place.ts';

export type FsAction = 'fs.read' | 'fs.write';

/** What policies are asked before an operation on paths. */
export function guardsOf(
  context: CallContext,
  settings: FsSettings,
  operation: string,
  action: FsAction,
  ...paths: readonly string[]
): Guarded[] {
  const mounts = mountsOf(context, settings);
  return paths.map(path => ({ action, resource: mounts.locate(path, operation).resource }));
}

/** Whether a path means the top of several folders, which is no folder itself. */
export function isTop(context: CallContext, settings: FsSettings, path: string, operation: string): boolean {
  return mountsOf(context, settings).locate(path, operation).mount === undefined;
}

/** The place of a file or folder to read. */
export function readable(context: CallContext, settings: FsSettings, path: string, operation: string): Place {
  return placeOf(context, settings, path, operation, ['fs.read']);
}

/** One to write; throws PERMISSION_DENIED where the host grants reading only. `actions`: what policies must allow. */
export function writable(
  context: CallContext,
  settings: FsSettings,
  path: string,
  operation: string,
  actions: readonly FsAction[] = ['fs.write'],
): Place {
  const place = placeOf(context, settings, path, operation, actions);
  checkWritable(context, place.mount, operation);
  return place;
}

/** The same for an entry that is made, moved or removed, which no granted folder itself can be. */
export function changeable(context: CallContext, settings: FsSettings, path: string, operation: string): Place {
  const { mount, file } = mountsOf(context, settings).locate(path, operation);
  if (mount !== undefined) checkWritable(context, mount, operation);
  if (mount === undefined || file === mount.root) {
    throw new TroupeError(`${operation}: a folder that ${context.host} grants can be neither moved nor removed`, {
      kind: 'PERMISSION_DENIED',
      retryable: false,
      details: { code: 'EBUSY' },
    });
  }
  return writable(context, settings, path, operation);
}

/** PERMISSION_DENIED where the host grants reading only: also what an open file would let happen. */
export function checkWritable(context: CallContext, mount: Mount, operation: string): void {
  if (!mount.readOnly) return;
  const change =
    mount.name === ''
      ? 'say "write: true" under its capabilities: {fs: ...}'
      : `say "read_only: false" for the mount ${mount.name} (${mount.shown}) under its capabilities: {fs: {mounts: ...}}`;
  throw new TroupeError(`${operation}: ${context.host} grants reading only; ${change} to change files`, {
    kind: 'PERMISSION_DENIED',
    retryable: false,
    details: { code: 'EROFS' },
  });
}

function placeOf(
  context: CallContext,
  settings: FsSettings,
  path: string,
  operation: string,
  actions: readonly FsAction[],
): Place {
  const located = mountsOf(context, settings).locate(path, operation);
  const { mount } = located;
  if (mount === undefined) throw notAFile(path, operation);
  return new Place(
    { ...located, mount },
    {
      path,
      operation,
      host: context.host,
      confirm: resource => {
        for (const action of actions) {
          const refused = context.allows?.(action, resource);
          if (refused !== undefined) throw refused;
        }
      },
    },
  );
}
