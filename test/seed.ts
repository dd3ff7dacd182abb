/** Loaded before a test file by `run.ts`: every property that names no seed of its own draws from this one. */
import * as fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.TROUPE_SEED ?? 20_261_122) });
