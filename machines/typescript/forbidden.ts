/** What a bundle may not contain, because it would reach past the import guard or out of its module. */
import { TroupeError } from '../../runtime/errors.ts';
import { type Place, showPlace } from '../../runtime/registry/entry.ts';
import type { Mapper } from './source_map.ts';
import { isReference, type Node, walk } from './syntax.ts';

/** esbuild's stand-in for a `require` that it could not resolve. */
const REQUIRE = '__require';
/** esbuild's stand-ins for an `import()` or `require` of a computed path: it bundles whatever files could be meant. */
const GLOB = /^glob(Import|Require)/;
const GLOB_MAKER = '__glob';

const COMPUTED = 'import() of a name that is only known at run time is not available; import it at the top of the file';

/** Every place that is refused; `fallback` names the file where the map knows no better. */
export function findForbidden(program: Node, mapper: Mapper, trusted: boolean, fallback: Place): TroupeError[] {
  const found: TroupeError[] = [];
  const refuse = (node: Node, text: string): void => {
    const { line, column } = node.loc.start;
    const place = mapper.original(line, column + 1) ?? fallback;
    // Packages of a trusted host are ordinary Node modules.
    if (trusted && place.file.includes('node_modules/')) return;
    found.push(
      new TroupeError(`${showPlace(place)}: ${text}`, { kind: 'INVALID', retryable: false, place: showPlace(place) }),
    );
  };
  const globs = !trusted && declaresGlobs(program);
  walk(program, (node, parent) => {
    switch (node.type) {
      case 'ImportExpression':
        if (!trusted) refuse(node, COMPUTED);
        break;
      case 'MetaProperty':
        if (node.meta.name === 'import') {
          refuse(
            node,
            'import.meta is not available to a process: it has no place in the file system; use a capability',
          );
        }
        break;
      case 'Identifier':
        if (!isReference(node, parent)) break;
        if (node.name === 'eval') refuse(node, 'eval is not available to a process');
        if (globs && GLOB.test(node.name) && parent?.callee === node) refuse(node, COMPUTED);
        if (node.name === REQUIRE && !trusted && !isHarmless(node, parent!)) {
          refuse(node, 'require() is not available to a process; write an import at the top of the file');
        }
        break;
      default:
    }
  });
  return found;
}

function declaresGlobs(program: Node): boolean {
  return (program.body as Node[]).some(
    statement => statement.type === 'VariableDeclaration' && statement.declarations[0].id.name === GLOB_MAKER,
  );
}

/** The definition of the stand-in, a function of esbuild's with the same name, and `typeof require`. */
function isHarmless(node: Node, parent: Node): boolean {
  return parent.id === node || (parent.type === 'UnaryExpression' && parent.operator === 'typeof');
}

/** Whether modules are loaded at run time, by names that are not known before. */
export function importsDynamically(program: Node): boolean {
  let found = false;
  walk(program, node => {
    if (node.type === 'ImportExpression') found = true;
  });
  return found;
}
