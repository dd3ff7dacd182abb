import { lastError, registry, self, send, spawn, terminate, Value } from 'troupe';

const tried = Value.list();

function note(what: string, done: bool): void {
  tried.push([Value.string(what), done ? Value.string('DONE') : lastError().get('kind')]);
}

/** Tries what a plug-in has no business with, and tells how it went. Change it, and try to get further. */
export function main(): void {
  const terminal = self.args[0].asString();
  note("write to the terminal's process", send(terminal, 'hello', 'from the inside'));
  note("end the terminal's process", terminate(terminal));
  note('find the clerk by its name', registry.lookup('clerk') !== null);
  note("take the notebook's name", registry.register('notebook'));
  note('end the notebook', terminate('notebook'));
  note('start a notebook of its own', spawn('mixed:notebook', [], 'mixed:system') !== null);
  note('start another plug-in', spawn('mixed:count', [Value.string('a b')], 'mixed:plugins') !== null);
  self.exit(tried);
}
