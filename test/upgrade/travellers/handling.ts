/** What the travellers in TypeScript have in common: they do what they are told, and take their state along. */
import type { HandlerSelf, Mail, Self } from 'troupe/sdk';

export interface State {
  /** Who is told what happens. */
  readonly owner: string;
  readonly carried: unknown;
  readonly seen: unknown[];
}

export function handle(self: Self | HandlerSelf, state: State, { topic, payload }: Mail): void {
  if (topic === 'add') state.seen.push(payload);
  else if (topic === 'become') self.upgrade(payload, state);
  else if (topic === 'tell') self.send(state.owner, 'told', told(self, state));
  else if (topic === 'options') self.setOptions({ trapLinks: true, upgradable: true });
  else if (topic === 'register') self.registry.register(payload);
  else if (topic === 'monitor') self.monitor(payload);
  else if (topic === 'link') self.link(payload);
}

function told(self: Self | HandlerSelf, { carried, seen }: State) {
  const { trapLinks, upgradable } = self.options();
  return { pid: self.pid, id: self.id, trap_links: trapLinks, upgradable, carried, seen };
}
