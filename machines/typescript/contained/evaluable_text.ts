/**
 * SES evaluates no text in which there seems to be an `import()`, a direct `eval` or an HTML comment, wherever it stands:
 * in a string, say, or as the name of a method. What is harmless is written otherwise here, with the same meaning.
 */
import { TroupeError } from '../../../runtime/errors.ts';
import { type Place, showPlace } from '../../../runtime/registry/entry.ts';
import type { Mapper } from '../source_map.ts';
import { type Node, parseWithComments, walk } from '../syntax.ts';

/** At least what SES refuses. */
const SUSPECT = /<!--|-->|\bimport\s*(?:\(|\/[/*])|\beval\s*\(/;
/** What is told apart in a text: the letter or sign that can be written as an escape wherever it stands. */
const SIGNS = /<!-(-)|--(>)|\bimp(o)rt(?=\s*(?:\(|\/[/*]))|\bev(a)l(?=\s*\()/g;

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text of a module, in which lines stay where they are. Columns behind what is written otherwise move a little, on
 * the same line. Throws INVALID, with its place, for the little that has no other form.
 */
export function evaluableText(text: string, mapper: Mapper, fallback: Place): string {
  if (!SUSPECT.test(text)) return text;
  const { program, comments } = parseWithComments(text);
  const edits: Edit[] = [];
  const edit = ({ start, end }: Node, rewrite: (part: string) => string): void => {
    const part = text.slice(start, end);
    if (SUSPECT.test(text.slice(start, end + 8))) edits.push({ start, end, text: rewrite(part) });
  };
  const tagged = new Set<Node>();
  for (const comment of comments) edit(comment, part => part.replace(/[^\r\n\u2028\u2029]/g, ' '));
  walk(program, (node, parent) => {
    // What stands behind a tag is given to it as it is written.
    if (node.type === 'TaggedTemplateExpression') tagged.add(node.quasi);
    else if (node.type === 'Literal' || (node.type === 'TemplateElement' && !tagged.has(parent!)))
      edit(node, escapeSigns);
    else if (isName(node)) edit(node, part => part.replace(/^#?\w/, escapeLetter));
  });
  edits.sort((a, b) => a.start - b.start);
  let result = '';
  let at = 0;
  for (const { start, end, text: instead } of edits) {
    result += text.slice(at, start) + instead;
    at = end;
  }
  result += text.slice(at);
  const left = SUSPECT.exec(result);
  if (left !== null) throw hasNoOtherForm(result, left.index, mapper, fallback);
  return result;
}

/** Of a property or method; variables cannot have these names. */
function isName(node: Node): boolean {
  return (
    (node.type === 'Identifier' || node.type === 'PrivateIdentifier') &&
    (node.name === 'import' || node.name === 'eval')
  );
}

function escapeLetter(letter: string): string {
  const code = letter.codePointAt(letter.length - 1)!;
  return `${letter.slice(0, -1)}\\u${code.toString(16).padStart(4, '0')}`;
}

/** For what stands in a string, a template or a regular expression. */
function escapeSigns(part: string): string {
  return part.replace(SIGNS, (whole, ...groups) => {
    const sign = groups.slice(0, 4).find(group => group !== undefined) as string;
    const at = whole.lastIndexOf(sign);
    return `${whole.slice(0, at)}\\x${sign.charCodeAt(0).toString(16)}${whole.slice(at + 1)}`;
  });
}

function hasNoOtherForm(text: string, index: number, mapper: Mapper, fallback: Place): TroupeError {
  const before = text.slice(0, index).split('\n');
  const found = mapper.original(before.length, before[before.length - 1].length + 1) ?? fallback;
  const place = showPlace(found);
  return new TroupeError(
    `${place}: this looks like import(), eval() or an HTML comment, which a contained program cannot have, not even in the text of a tagged template: write it otherwise`,
    { kind: 'INVALID', retryable: false, place },
  );
}
