import { lastError, self, send, Value } from 'troupe';

/** The text backwards; the notebook is told. */
export function main(): void {
  const result = self.args[0].asString().split('').reverse().join('');
  const noted = send('notebook', 'note', result);
  const answer = Value.map().set('result', result).set('noted', noted);
  if (!noted) answer.set('why', lastError().get('message'));
  self.exit(answer);
}
