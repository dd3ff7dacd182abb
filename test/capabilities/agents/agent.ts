import { defineProcess, TroupeError } from 'troupe/sdk';

interface Order {
  n: number;
  capability: 'agent' | 'http_client' | 'events' | 'supervisor';
  operation: string;
  args: any[];
}

const camelCase = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Does what it is told by messages on `do`; what comes on other topics is kept for `mail`. */
export default defineProcess(function* (self) {
  const mail: unknown[] = [];
  for (;;) {
    const message = yield* self.receive();
    if (message.topic !== 'do') {
      mail.push([message.topic, message.from, message.payload]);
      continue;
    }
    const { n, capability, operation, args } = message.payload as Order;
    let value: unknown;
    let error: { kind: string; message: string } | undefined;
    try {
      if (capability === 'agent') {
        if (operation === 'mail') value = { mail };
        if (operation === 'become') yield* self.upgrade(args[0]);
        if (operation === 'burst') {
          for (let i = 1; i <= args[1]; i++) value = yield* self.capability('events').send(args[0], 'burst', null, i);
        }
      } else {
        const granted = self.capability<Record<string, any>>(capability);
        value = yield* granted[camelCase(operation)](...args);
      }
    } catch (thrown) {
      if (!(thrown instanceof TroupeError)) throw thrown;
      error = { kind: thrown.kind, message: thrown.message };
    }
    self.send(message.from, 'did', { n, value, error });
  }
});
