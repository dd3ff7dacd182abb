import { Value } from 'troupe';

export function text(map: Value, key: string): string {
  return map.get(key).asString();
}

export function answered(value: Value): Value {
  return Value.map().set('ok', value);
}

export function refused(error: Value): Value {
  const shown = Value.map().set('kind', error.get('kind')).set('message', error.get('message'));
  return Value.map().set('error', shown.set('details', error.get('details')));
}
