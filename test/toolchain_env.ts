/**
 * The environment in which compilers are called: without the commands of this project's packages. `npm test` puts these
 * first, and clang calls a `wasm-opt` that it finds, which leaves out the names of functions.
 */
import { delimiter } from 'node:path';

const path = (process.env.PATH ?? '').split(delimiter).filter(folder => !/node_modules[\\/]\.bin$/.test(folder));

export const TOOLCHAIN_ENV: NodeJS.ProcessEnv = { ...process.env, PATH: path.join(delimiter) };
