import type { Module } from '../binary/module.ts';
import { Reader } from '../binary/reader.ts';
import { ValueType } from '../binary/value_type.ts';
import { ABI_VERSION } from './codes.ts';

const I32_CONST = 0x41;

/** The version that a module states by an exported global `troupe_abi`; 1 without it; undefined if it is no constant. */
export function moduleAbi(module: Module): number | undefined {
  const stated = module.exports.find(one => one.name === 'troupe_abi');
  if (stated === undefined) return ABI_VERSION;
  const global = stated.kind === 'global' ? module.globals[stated.index] : undefined;
  const initial = global?.initial;
  if (global?.type !== ValueType.I32 || initial === undefined || module.bytes[initial.start] !== I32_CONST)
    return undefined;
  return new Reader(module.bytes, initial.start + 1, initial.end).blockType();
}
