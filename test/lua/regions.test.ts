/** Runtimes that come and go on one thread leave the address space to those that follow. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { REGION_COUNT } from '../../machines/lua/vm/slots/memory_map.ts';
import { deployLua, scripts } from './deployed.ts';

const test = suite('lua regions');

const held = (): number => {
  const { slots } = engineOfThread().vm;
  let count = 0;
  for (let region = 1; region < REGION_COUNT; region++) if (slots!.owns(region)) count++;
  return count;
};

test('what many processes needed is free for the threads of the next runtime', async () => {
  if (engineOfThread().vm.slots === undefined) {
    console.log("skip: wasmoon's own binary has no regions");
    return;
  }
  const files = scripts({ main: 'return function() process.inbox():receive() end' });
  const first = await deployLua(files);
  try {
    for (let i = 0; i < 12_000; i++) first.runtime.spawn({ id: 'app:main', host: 'app:host' });
    assert.is(first.runtime.live, 12_000);
    for (let turns = 0; held() <= 2 && turns < 1000; turns++) await first.runtime.wait(1);
    assert.ok(held() > 2, `${held()} regions`);
  } finally {
    await first.runtime.stop();
  }
  const second = await deployLua(files, 2);
  try {
    assert.ok(held() <= 2, `${held()} regions`);
    for (let i = 0; i < 3; i++) second.runtime.spawn({ id: 'app:main', host: 'app:host' });
    while (second.runtime.live < 3) await second.runtime.wait(1);
  } finally {
    await second.runtime.stop();
  }
});

test('runtimes with workers, one after the other', async () => {
  const files = scripts({ main: 'return function(n) return n end' });
  for (let n = 0; n < 10; n++) {
    const { runtime } = await deployLua(files, 2);
    try {
      assert.is(await runtime.exec({ id: 'app:main', host: 'app:host', args: [n] }), n);
    } finally {
      await runtime.stop();
    }
  }
});

test.run();
