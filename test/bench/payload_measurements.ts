/** What a message costs by what is in it. */
import { type Measurement, rowsOf, timed } from './measurement.ts';

const ts = rowsOf('ts');
const KIB = 1024;

/** Round trips of so many bytes, as one of the two sorts. */
function binary(sort: 'bytes' | 'array', length: number): Measurement['run'] {
  return timed('ping_binary_ts', 'bench:pong_ts', length, sort);
}

/** Between two workers: `round-robin` puts the partner on another one. */
function crossing(what: string, sort: 'bytes' | 'array', length: number, count: number): Measurement {
  return { ...ts('binary-crossing', what, 'ns', undefined, count, binary(sort, length)), workers: 2 };
}

export const PAYLOAD_MEASUREMENTS: readonly Measurement[] = [
  ts('map-roundtrip', 'round trip of a small object', 'ns', 400, 200_000, timed('ping_map_ts', 'bench:pong_ts')),
  ts(
    'nested-roundtrip',
    'round trip of an order of 500 bytes as JSON',
    'ns',
    1600,
    100_000,
    timed('ping_nested_ts', 'bench:pong_ts'),
  ),
  ts('binary-64k-roundtrip', 'round trip of 64 KiB as Bytes', 'ns', 700, 100_000, binary('bytes', 64 * KIB)),
  ts('array-64k-roundtrip', 'the same as a Uint8Array', 'ns', undefined, 5000, binary('array', 64 * KIB)),
  ts('frozen-roundtrip', 'an order, frozen once', 'ns', undefined, 100_000, timed('ping_frozen_ts', 'bench:pong_ts')),
  crossing('64 KiB as Bytes, to another worker and back', 'bytes', 64 * KIB, 5000),
  crossing('the same as a Uint8Array', 'array', 64 * KIB, 5000),
  crossing('1 MiB as Bytes, to another worker and back', 'bytes', KIB * KIB, 2000),
  crossing('the same as a Uint8Array', 'array', KIB * KIB, 300),
];
