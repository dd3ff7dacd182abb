import { self } from 'troupe';

export function main(): void {
  self.exit('Hello, ' + self.args[0].asString() + ', from WebAssembly');
}
