/** Goes on as the next of its route at once, and says at the end where it has been. */
import { self, Value } from 'troupe';
export { troupe_alloc } from 'troupe';

function relay(): void {
  const journey = self.args[0];
  const route = journey.get('route').asList();
  const been = journey.get('been');
  been.push(self.pid + ' ' + self.id);
  if (route.length > 0) {
    const next = route.shift().asString();
    self.upgrade(next, [Value.map().set('route', Value.list(route)).set('been', been)]);
  }
  self.exit(been);
}

export function blocking(): void {
  relay();
}

export function on_start(): void {
  relay();
}

export function on_message(at: usize, length: i32): void {}
