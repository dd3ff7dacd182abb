/** Syntax errors of the YAML parser in words for people who do not know YAML's grammar. */
import { type Document, isCollection, isNode, isScalar, visit, type YAMLError } from 'yaml';

export interface SyntaxFault {
  /** Offset into the text. */
  readonly offset: number;
  readonly message: string;
}

/**
 * The first fault of a document. The parser goes on after it, but what it reports then is mostly an echo of the first,
 * so only one is shown a file.
 */
export function firstFault(document: Document.Parsed, text: string): SyntaxFault | undefined {
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  return errors.length === 0 ? undefined : explain(errors[0], document, text);
}

function explain(error: YAMLError, document: Document.Parsed, text: string): SyntaxFault {
  const offset = skipSpaces(text, error.pos[0]);
  const opening = openingBefore(document, offset);
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { offset, message: 'this line is indented with a tab; YAML wants spaces, so replace each tab by two' };
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      if (text.startsWith('- ', offset)) {
        return {
          offset,
          message: 'this list item is not indented like the items above it; give all items the same indentation',
        };
      }
      return {
        offset,
        message:
          'the keys do not line up here; put a text that contains ": " in quotes, and indent keys of one group equally',
      };
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
      if (opening !== undefined) {
        const open = text[opening];
        return {
          offset: opening,
          message: `this ${open} is never closed; add the ${CLOSING[open] ?? open} that belongs to it`,
        };
      }
      return {
        offset,
        message:
          'this line does not fit the lines above it; write "key: value" or "- item", indented like its neighbours',
      };
    case 'BAD_SCALAR_START':
      return { offset, message: `a text cannot begin with ${text[offset]} here; put it in quotes` };
    case 'BAD_DQ_ESCAPE':
      return {
        offset,
        message: `${text.slice(offset, offset + 2)} means nothing inside double quotes; use single quotes, or write \\\\ for a backslash`,
      };
    case 'TAG_RESOLVE_FAILED':
      return { offset, message: 'tags like this one (they begin with "!") are not used here; remove it' };
    case 'BAD_DIRECTIVE':
      return { offset, message: 'lines that begin with "%" are not used here; remove this one' };
    case 'RESOURCE_EXHAUSTION':
      return { offset, message: TOO_DEEP };
    case 'UNEXPECTED_TOKEN':
      return {
        offset,
        message: `${JSON.stringify(word(text, offset))} is not expected here; look for a missing quote or bracket, or a line that is indented too little`,
      };
    default:
      return { offset, message: `this is not valid YAML: ${error.message}` };
  }
}

export const TOO_DEEP = 'lists and keys are nested too deeply here; at most 64 levels are read';

const CLOSING: { readonly [open: string]: string } = { '[': ']', '{': '}' };

/** Offset of the innermost bracket or quote that is open at `offset` and has no end. */
function openingBefore(document: Document.Parsed, offset: number): number | undefined {
  let opening: number | undefined;
  visit(document, {
    Node(_, node) {
      if (!isNode(node) || !node.range || node.range[0] > offset || node.range[2] < offset) return undefined;
      const quoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
      if (quoted || (isCollection(node) && node.flow)) opening = node.range[0];
      return undefined;
    },
  });
  return opening;
}

/** Some faults are placed at the beginning of their line, before the word that matters. */
function skipSpaces(text: string, offset: number): number {
  while (text[offset] === ' ') offset++;
  return offset;
}

function word(text: string, offset: number): string {
  return /^[\w.-]+|^./.exec(text.slice(offset))?.[0] ?? '';
}
