/** Where programs of trusted hosts are evaluated: in the realm of the host, as ordinary Node code. */
import { compileFunction, constants } from 'node:vm';
import { type Evaluated, HOST_MODULE, type HostModules } from './factory.ts';
import type { NodeModules } from './node_modules.ts';
import type { Provision } from './provision.ts';

/** Compile the text of a factory. Each call of the result evaluates the module anew, with state of its own. */
export function compileTrusted(text: string, file: string, { modules }: Provision, node: NodeModules): () => Evaluated {
  const factory = compileFunction(text, [HOST_MODULE, 'require'], {
    filename: file,
    importModuleDynamically: (node.dynamic ? constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER : undefined) as never,
  });
  const provide: HostModules = name => modules.get(name) ?? node.asModule(name);
  return () => factory(provide, node.require);
}
