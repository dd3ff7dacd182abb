/** What a message costs by what is in it. */
import { type Measurement, rowsOf, timed } from './measurement.ts';

const ts = rowsOf('ts');

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
  ts('binary-64k-roundtrip', 'round trip of 64 KiB', 'ns', 700, 20_000, timed('ping_binary_ts', 'bench:pong_ts')),
];
