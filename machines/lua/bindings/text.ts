/** `text.regexp`: a compiled pattern is an object that keeps its text; the runtime keeps what was compiled. */
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { payloadArgument, textArgument } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { ObjectClass } from '../objects.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { callOperation, pushOperation } from './operation.ts';
import { packedArgument, pushPacked } from './packed.ts';
import { wholeArgument } from './whole_argument.ts';

interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | null)[];
}

export function textModule(engine: Engine): HostModule {
  return {
    name: 'text',
    modules: {
      regexp: {
        name: 'text.regexp',
        functions: {
          compile: L => {
            const pattern = textArgument(engine, L, 1);
            const names = callOperation(engine, 'text', 'regexp_names', [pattern]);
            if (names instanceof TroupeError) return pushFailure(engine, L, names);
            return pushPacked(engine, L, Kind.Regexp, pattern);
          },
        },
      },
    },
  };
}

export function regexpClass(engine: Engine): ObjectClass {
  const pattern = (L: number) => packedArgument(engine, L, 1, Kind.Regexp);
  /** The subject as it is: what is no text the operation refuses. */
  const subject = (L: number) => payloadArgument(engine, L, 2, 's');
  const pushPattern: HostFunction = L => {
    engine.writer.push(L, pattern(L));
    return 1;
  };
  /** Push what `show` makes of the first match, or nil. */
  const first =
    (show: (match: Match) => Payload): HostFunction =>
    L =>
      pushMatches(engine, L, [pattern(L), subject(L), 1], found => (found.length === 0 ? null : show(found[0])));
  const all =
    (show: (match: Match) => Payload): HostFunction =>
    L =>
      pushMatches(engine, L, [pattern(L), subject(L)], found => found.map(show));
  return {
    kind: Kind.Regexp,
    methods: {
      name: 'regexp methods',
      functions: {
        match_string: L => pushOperation(engine, L, 'text', 'regexp_match', checked([pattern(L), subject(L)])),
        find_string: first(match => match.groups[0]),
        find_all_string: all(match => match.groups[0]),
        find_string_submatch: first(submatches),
        find_all_string_submatch: all(submatches),
        find_string_index: first(match => [match.start, match.end]),
        find_all_string_index: all(match => [match.start, match.end]),
        replace_all_string: L => {
          const args = [pattern(L), subject(L), textArgument(engine, L, 3)];
          return pushOperation(engine, L, 'text', 'regexp_replace', checked(args));
        },
        split: L => {
          const args = [pattern(L), subject(L), wholeArgument(engine, L, 3, -1)];
          return pushOperation(engine, L, 'text', 'regexp_split', checked(args));
        },
        num_subexp: L => {
          const names = callOperation(engine, 'text', 'regexp_names', [pattern(L)]) as string[];
          engine.vm.adapter.pushInteger(L, names.length - 1);
          return 1;
        },
        subexp_names: L => pushOperation(engine, L, 'text', 'regexp_names', [pattern(L)]),
        string: pushPattern,
      },
    },
    metamethods: { __tostring: pushPattern },
  };
}

/** A group that took no part is an empty text, so that the list has no holes. */
function submatches(match: Match): Payload {
  return match.groups.map(group => group ?? '');
}

function pushMatches(
  engine: Engine,
  L: number,
  args: readonly (Payload | TroupeError)[],
  show: (found: readonly Match[]) => Payload,
): number {
  const given = checked(args);
  const found = given instanceof TroupeError ? given : callOperation(engine, 'text', 'regexp_find', given);
  if (found instanceof TroupeError) return pushFailure(engine, L, found);
  engine.writer.push(L, show(found as unknown as readonly Match[]));
  return 1;
}

/** The arguments, or why one of them could not be read. */
function checked(args: readonly (Payload | TroupeError)[]): readonly Payload[] | TroupeError {
  return args.find(arg => arg instanceof TroupeError) ?? (args as readonly Payload[]);
}
