import { defineProcess } from 'troupe/sdk';

const LANGUAGES = ['lua', 'typescript', 'xstate', 'wasm'];

/** `exec` starts an entry, waits for its end and gives its result: the same call for every language. */
export default defineProcess(function* (self) {
  const [name = 'world'] = self.io.args();
  for (const language of LANGUAGES) {
    const greeting: string = yield* self.exec(`hello:${language}`, 'hello:work', name);
    yield* self.io.write(`${greeting}\n`);
  }
});
