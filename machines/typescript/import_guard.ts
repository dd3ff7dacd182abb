/**
 * Which modules a program may import: files and packages of its own deployment and what the runtime provides. Everything
 * else would be a way round the capability table, so it is refused at load, in words that say what to do; only trusted
 * hosts run ordinary Node.
 */
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { isAbsolute, relative, resolve as resolvePath, sep } from 'node:path';
import type { OnLoadArgs, OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import type { PrepareTools } from '../../runtime/machine.ts';

/** Modules of the host, by the names under which programs import them. */
export type Provided = ReadonlySet<string>;

/** An import that only a trusted host may satisfy. */
export interface TrustedImport {
  readonly name: string;
  /** File that imports it, relative to the deployment. */
  readonly importer: string;
  /** Whether it is part of Node, which hosts can grant by name. */
  readonly builtin: boolean;
}

const builtins = new Set(builtinModules);
/** Marks the resolutions that the guard itself asks for. */
const INNER = Symbol('inner');

export interface Guard {
  readonly plugin: Plugin;
  /** Filled while the bundle is made. */
  readonly trustedImports: TrustedImport[];
}

/** What esbuild tries after the name of a file that an import gives. */
const ENDINGS = ['', '.tsx', '.ts', '.jsx', '.js', '.css', '.json'];
const TRIED = [...ENDINGS, ...ENDINGS.slice(1).map(ending => `/index${ending}`)];

/** `root`: the deployment's folder by its real path. */
export function guardImports(
  root: string,
  { trusted, read }: Pick<PrepareTools, 'trusted' | 'read'>,
  provided: Provided,
): Guard {
  const trustedImports: TrustedImport[] = [];
  const within = (path: string): boolean => path === root || path.startsWith(root + sep);

  async function resolve(args: OnResolveArgs, build: PluginBuild): Promise<OnResolveResult | undefined> {
    if (args.kind === 'entry-point' || args.pluginData === INNER) return undefined;
    const { path } = args;
    if (provided.has(path)) return { path, external: true };
    if (path === 'xstate' || path.startsWith('xstate/')) {
      return refuse(`"${path}" is provided to entries of kind process.xstate; make this one of them to use it`);
    }
    if (path.startsWith('troupe/')) return refuse(`"${path}" is not provided here; import from "troupe/sdk"`);
    const builtin = path.startsWith('node:') || builtins.has(path);
    if (builtin) {
      if (!trusted) {
        return refuse(
          `"${path}" is part of Node, which a contained process cannot reach, whatever its host grants: use a capability (\`imports:\` of the entry, then self.fs, self.time...), or run it on a host with \`trusted: true\``,
        );
      }
      note(path, args, true);
      return { path, external: true };
    }
    if (/^[a-z][a-z0-9+.-]*:/i.test(path)) {
      return refuse(`"${path}" is a URL; keep a copy of the file in the deployment and import that`);
    }
    const inPackage = args.importer.includes(`${sep}node_modules${sep}`);
    if (isAbsolute(path)) return refuse(`"${path}" is an absolute path; write it relative to this file`);
    if (args.kind === 'dynamic-import' && !trusted) {
      return refuse(
        'import() gives a promise, which only hosts with `trusted: true` have; import it at the top of the file',
      );
    }
    const isPackage = !/^\.\.?(\/|$)/.test(path);
    if (!isPackage && (args.kind === 'require-call' || args.kind === 'require-resolve') && !inPackage) {
      return refuse(`require("${path}") is not available to a process; write an import at the top of the file`);
    }
    const found = await build.resolve(path, {
      importer: args.importer,
      resolveDir: args.resolveDir,
      kind: args.kind,
      pluginData: INNER,
    });
    if (isPackage && !trusted && (found.errors.length > 0 || !within(found.path))) {
      return refuse(
        `package "${path}" is not available to a process: install it in the deployment's folder, or run it on a host with \`trusted: true\``,
      );
    }
    if (!isPackage) tellMissing(resolvePath(args.resolveDir, path), found.path);
    if (found.errors.length > 0) return { errors: found.errors };
    if (!within(found.path)) note(path, args, false);
    if (!within(found.path) && !(trusted && found.path.includes(`${sep}node_modules${sep}`))) {
      return refuse(`"${path}" leads out of the deployment's folder; copy the file into it`);
    }
    return found;
  }

  /** Files that would be taken instead of the one that was found, if they existed. */
  function tellMissing(wanted: string, found: string): void {
    for (const ending of TRIED) {
      const path = wanted + ending;
      if (path === found) return;
      if (!existsSync(path)) read?.(path, undefined);
    }
  }

  /** Files are read here and not by esbuild, so that what is told is what was compiled. */
  function load({ path }: OnLoadArgs): OnLoadResult | undefined {
    let contents: Uint8Array;
    try {
      contents = readFileSync(path);
    } catch {
      // esbuild says it better.
      return undefined;
    }
    read?.(path, contents);
    return { contents, loader: 'default' };
  }

  function note(name: string, args: OnResolveArgs, builtin: boolean): void {
    const importer = relative(root, args.importer).split(sep).join('/');
    trustedImports.push({ name, importer: importer === '' ? args.importer : importer, builtin });
  }

  const plugin: Plugin = {
    name: 'troupe-imports',
    setup(build) {
      build.onResolve({ filter: /.*/ }, args => resolve(args, build));
      build.onLoad({ filter: /.*/, namespace: 'file' }, load);
    },
  };
  return { plugin, trustedImports };
}

function refuse(text: string): OnResolveResult {
  return { errors: [{ text }] };
}
