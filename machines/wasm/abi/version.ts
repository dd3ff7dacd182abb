import { type Module, SectionId } from '../binary/module.ts';
import { Reader } from '../binary/reader.ts';
import { ValueType } from '../binary/value_type.ts';
import { ABI_VERSION } from './codes.ts';

const I32_CONST = 0x41;
const NAME = 'troupe_abi';

/**
 * The version that a module states: by an exported global `troupe_abi` or a custom section of this name, whose every byte is
 * the version (linkers join the sections of several files). 1 where it states none; undefined if it is no constant.
 */
export function moduleAbi(module: Module): number | undefined {
  return sectionVersion(module) ?? exportedVersion(module);
}

/** The byte that is another one, so that files of two versions are not linked into one module. */
function sectionVersion(module: Module): number | undefined {
  for (const { id, start, end } of module.sections) {
    if (id !== SectionId.Custom) continue;
    const reader = new Reader(module.bytes, start, end);
    if (reader.name() !== NAME || !reader.more) continue;
    const versions = module.bytes.subarray(reader.at, end);
    return versions.find(version => version !== ABI_VERSION) ?? ABI_VERSION;
  }
  return undefined;
}

function exportedVersion(module: Module): number | undefined {
  const stated = module.exports.find(one => one.name === NAME);
  if (stated === undefined) return ABI_VERSION;
  const global = stated.kind === 'global' ? module.globals[stated.index] : undefined;
  const initial = global?.initial;
  if (global?.type !== ValueType.I32 || initial === undefined || module.bytes[initial.start] !== I32_CONST)
    return undefined;
  return new Reader(module.bytes, initial.start + 1, initial.end).blockType();
}
