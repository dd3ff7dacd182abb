import { defineProcess, type TroupeError } from 'troupe/sdk';

/** Tries what a plug-in has no business with, and tells how it went. Change it, and try to get further. */
export default defineProcess(function* (self, terminal: string) {
  const tried: [string, string][] = [];
  const attempt = (what: string, act: () => unknown): void => {
    try {
      const result = act();
      const refused = result instanceof Error ? (result as TroupeError).kind : undefined;
      tried.push([what, refused ?? (result === undefined ? 'not there' : 'DONE')]);
    } catch (thrown) {
      tried.push([what, (thrown as { kind?: string }).kind ?? 'not there']);
    }
  };

  attempt("write to the terminal's process", () => self.send(terminal, 'hello', 'from the inside'));
  attempt("end the terminal's process", () => self.terminate(terminal));
  attempt('find the clerk by its name', () => self.registry.lookup('clerk'));
  attempt("take the notebook's name", () => self.registry.register('notebook'));
  attempt('end the notebook', () => self.terminate('notebook'));
  attempt('start a notebook of its own', () => self.spawn('mixed:notebook', 'mixed:system'));
  attempt('start another plug-in', () => self.spawn('mixed:count', 'mixed:plugins', 'a b'));
  attempt('act as somebody else', () => self.security.newActor('root'));
  attempt('read a file', () => (globalThis as { process?: object }).process);
  attempt('reach the machine', () => (attempt.constructor as FunctionConstructor)('return process')());
  return tried;
});
