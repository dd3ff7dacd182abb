import { self, send } from 'troupe';

export function main(): void {
  send(self.args[0].asString(), 'up', 1);
}
