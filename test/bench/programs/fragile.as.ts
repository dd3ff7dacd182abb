import { receive, self, send } from 'troupe';

/** Says that it is there, and fails at the first message. */
export function main(): void {
  send('restarts', 'up', self.pid);
  receive();
  throw new Error('told to fail');
}
