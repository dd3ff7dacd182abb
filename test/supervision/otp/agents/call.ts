import { type Command, defineFunction, type Supervisors, TroupeError } from 'troupe/sdk';

/** Calls an operation of the capability `supervisor`; errors are answered, as `{refused: {kind, message, state}}`. */
export default defineFunction<[string, unknown[]]>(function* (self, operation, args) {
  const supervisors = self.capability('supervisor') as {
    [Name in keyof Supervisors]: (...args: unknown[]) => Command<unknown>;
  };
  const name = operation.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as keyof Supervisors;
  try {
    return yield* supervisors[name](...args);
  } catch (thrown) {
    if (!(thrown instanceof TroupeError)) throw thrown;
    return { refused: { kind: thrown.kind, message: thrown.message, state: thrown.details?.state ?? null } };
  }
});
