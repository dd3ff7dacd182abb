import { Value } from 'troupe';
import { run } from './steps.as';

function none(name: string, args: Array<Value>): Value | null {
  throw new Error(name + ' is not imported');
}

export function main(): void {
  run(none);
}
