/** Reading frames of the host by the stacks of errors, or changing how they are made. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contained, failure, trusted } from './contained.ts';

const test = suite('attack: stacks of errors');
const HOST = /file:\/\/|node:|node_modules|dist\/|machines\/|runtime\/|sdk\/|\.js:/;

test('control: in a trusted host prepareStackTrace is handed call sites', async () => {
  const seen = await trusted(`
    const before = (Error as any).prepareStackTrace;
    (Error as any).prepareStackTrace = (_: unknown, sites: any[]) => sites;
    const sites = new Error('x').stack as any;
    (Error as any).prepareStackTrace = before;
    return [typeof sites[0].getFunction, sites.some((site: any) => String(site.getFileName()).startsWith('file:'))];`);
  assert.equal(seen, ['function', true]);
});

test('prepareStackTrace, captureStackTrace and stackTraceLimit of a program have no effect', async () => {
  const seen = await contained(`
    const handed: unknown[] = [];
    const E: any = Error;
    for (const one of [Error, TypeError, RangeError, TroupeError, Object.getPrototypeOf(TroupeError), Object.getPrototypeOf(Object.getPrototypeOf(TroupeError)), new Error('x').constructor] as any[]) {
      tried(() => { one.prepareStackTrace = (...given: unknown[]) => { handed.push(given); return 'mine'; }; });
      tried(() => Object.defineProperty(one, 'prepareStackTrace', { value: (...given: unknown[]) => { handed.push(given); return 'mine'; } }));
      tried(() => { one.stackTraceLimit = 0; });
    }
    const target: any = {};
    tried(() => E.captureStackTrace(target));
    let thrown: any;
    try { null!.x; } catch (error) { thrown = error; }
    return [handed.length, typeof target.stack === 'string' ? target.stack : '', new Error('x').stack, thrown.stack, tried(() => self.spawn('nobody'))];`);
  assert.is(seen[0], 0);
  for (const stack of seen.slice(1)) assert.not.match(stack, HOST);
  assert.match(seen[2], /troupe:t:main/);
});

test('no stack that a program can get hold of has a frame or a path of the host', async () => {
  const stacks: string[] = await contained(
    `
    const stacks: unknown[] = [];
    const keep = (act: () => unknown): void => { try { act(); } catch (error) { stacks.push((error as any).stack, String((error as any).message)); } };
    for (const bad of [5, {}, null, Symbol('x'), 'soon', () => {}, new Proxy({}, {})] as any[]) {
      for (const act of [() => self.after(bad), () => self.spawn(bad), () => self.spawn('child', bad), () => self.monitor(bad), () => self.link(bad), () => self.listen(bad),
        () => self.registry.register(bad), () => self.withName(bad), () => self.withMessage(bad), () => self.cancel('x', bad), () => self.channel(bad), () => self.select(bad), () => self.fork(bad),
        () => self.unlisten(bad), () => self.capability(bad), () => self.withContext(bad), () => bad === null || typeof bad === "string" || self.upgrade(bad), () => self.time.sleep(bad), () => Bytes.from(bad), () => frozen(bad),
        () => defineProcess(bad), () => new TroupeError(bad, bad), () => self.time.parse(bad), () => self.fs.readFile(bad), () => self.receive(bad), () => self.setOptions(bad), () => self.withOptions(bad)]) keep(act);
    }
    keep(() => { (function deep(): any { deep(); })(); });
    const sent: any = self.send(self.pid, 'x', () => {});
    stacks.push(sent.stack);
    try { yield* self.exec('fails'); } catch (error) { stacks.push((error as any).stack); }
    try { yield* self.fs.readFile("missing"); } catch (error) { stacks.push((error as any).stack, (error as any).message); }
    const child = self.spawnMonitored('fails');
    stacks.push((yield* self.events().receive()).result.error.stack);
    return stacks.map(String);`,
    { fails: 'throw new TypeError("oh");', child: '' },
    { host: 'capabilities: {time: {}, fs: {root: .}}', imports: ['time', 'fs'] },
  );
  assert.ok(stacks.length > 100, String(stacks.length));
  assert.equal(
    stacks.filter(stack => HOST.test(stack)),
    [],
  );
});

test('the error that ends a process still names the places of its own files', async () => {
  const error = await failure(`const inner = (): never => { throw new RangeError('oh'); };\ninner();`);
  assert.is(error.details?.place, 'main.ts:6:36');
  assert.match(error.stack!, /^RangeError: oh\n {4}at inner \(main\.ts:6:36\)\n {4}at main\.ts:7:1$/);
});

test('an error whose making fails half-way costs nobody else his stacks', async () => {
  const seen = await contained(
    `
    for (let i = 0; i < 100; i++) tried(() => new TroupeError({ toString() { throw 1; } } as any));
    let deep = 0;
    const fall = (): void => { deep++; try { fall(); } catch { tried(() => new TroupeError('x')); } };
    fall();
    return deep > 100 ? yield* self.exec('other') : 'it did not fall';`,
    { other: 'const inner = () => { return new Error("x").stack; }; return inner();' },
  );
  assert.match(seen, /at inner \(troupe:t:other/);
});

test.run();
