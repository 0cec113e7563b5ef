// What must not happen to the process, as ../../scenario.json lists it. Run with --expose-gc.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import * as ecoauth from 'ecoauth';
import { MapStore, SUMMARY, next, options, runNode, scenario, startSandbox, temporaryFolder, waitUntil } from './hosts.mjs';

const { Client, MemoryStore, RetryLater } = ecoauth;
const require = createRequire(import.meta.url);
const { keptCount } = require(path.join(path.dirname(require.resolve('ecoauth')), 'stores.cjs'));
const ended = (error) => ['AbortError', 'ClosedError'].includes(error.name);

scenario(['ticking'], async (t) => {
  const sandbox = await startSandbox(t);
  const client = new Client(options(sandbox, new MemoryStore()));
  const gaps = [];
  let last = performance.now();
  const ticking = setInterval(() => {
    gaps.push(performance.now() - last);
    last = performance.now();
  }, 10);
  await assert.rejects(client.account().authorizePin({ timeoutMs: 2000 }), { code: 'TIMEOUT' });
  clearInterval(ticking);
  assert.ok(gaps.length >= 50 && Math.max(...gaps) < 500, `${gaps.length} ticks, longest gap ${Math.max(...gaps)} ms`);
  await client.close();
});

// Ways to the end of a program: exit() with stores of the library and of JavaScript, by the end of the loop, by an exception.
const EXITS = {
  exit: "client.once('pin', () => process.exit(0));",
  end: "client.once('pin', () => client.unref());",
  beside: "client.once('pin', () => setTimeout(() => process.exit(0), 30));",
  thrown: "client.once('pin', () => { process.exitCode = 0; process.on('uncaughtException', () => process.exit(0)); throw new Error('ignored'); });",
};
const EXIT = (way, store) => `
import { Client, MemoryStore } from 'ecoauth';
import { options, MapStore } from './hosts.mjs';
const client = new Client(options({ url: process.argv.at(-1) }, new ${store}()));
client.account().authorizePin().catch(() => {});
${EXITS[way]}
`;

scenario(['exit'], async (t) => {
  const sandbox = await startSandbox(t);
  const runs = Number(process.env.ECOAUTH_NODE_RUNS ?? 20);
  const ways = Object.keys(EXITS);
  const one = async (number) => assert.equal(await runNode(EXIT(ways[number % ways.length], number % 8 < 4 ? 'MemoryStore' : 'MapStore'), [sandbox.url]), '');
  for (let number = 0; number < runs; number += 2) await Promise.all([one(number), one(number + 1)]);
});

test('a store that answers at once is served while the process ends', async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const said = await runNode(`
    import { Client } from 'ecoauth';
    import { options } from './hosts.mjs';
    const records = new Map();
    let ending = false;
    const store = {
      load: (key) => records.get(key)?.[1],
      save(key, expected, record, seq) {
        if (ending) console.log('saved at the end');
        records.set(key, [seq, record]);
        if (!ending) process.nextTick(() => { ending = true; process.exit(0); });
      },
      erase: (key) => records.delete(key),
    };
    process.on('exit', () => console.log('records', records.size));
    new Client(options({ url: process.argv.at(-1) }, store)).account().authorizePin();
  `, [sandbox.url]);
  assert.match(said, /records 1/);
});

scenario(['garbage'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  let shown = 0;
  const collecting = setInterval(() => gc(), 1);
  for (let run = 0; run < 5; ++run) {
    const client = new Client(options(sandbox, new MapStore()));
    client.on('pin', () => { ++shown; });
    await client.account().authorizePin();
    await client.account().refresh();
    await client.close();
  }
  clearInterval(collecting);
  assert.equal(shown, 5);
  // Nobody holds this client: it goes on until what it does is done.
  let began;
  await new Promise((resolve) => {
    new Client(options(sandbox, new MapStore())).on('token', resolve).account().authorizePin();
    began = setInterval(() => gc(), 1);
  });
  clearInterval(began);
  // And these have begun nothing: the collector ends them, and the library lets go of their stores.
  const before = keptCount();
  (() => { for (let i = 0; i < 10; ++i) new Client(options(sandbox, new MapStore())).account(); })();
  assert.equal(keptCount(), before + 10);
  for (let left = 500; keptCount() > 1 && left > 0; --left) {
    gc();
    await turn();
  }
  assert.ok(keptCount() <= 1, `${keptCount()} stores are kept`);
});

const maskOf = () => fs.readFileSync('/proc/thread-self/status', 'ascii').match(/^Sig(Blk|Ign|Cgt):\t(\w+)$/gm);

scenario(['sigpipe'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const said = await runNode(`
    import fs from 'node:fs';
    const signals = () => fs.readFileSync('/proc/thread-self/status', 'ascii').match(/^Sig(Blk|Ign|Cgt):.*$/gm).join();
    const before = signals();
    const { Client, MemoryStore, RetryError } = await import('ecoauth');
    const { options, SUMMARY } = await import('./hosts.mjs');
    const [url] = process.argv.slice(-1);
    const client = new Client(options({ url }, new MemoryStore()));
    const account = client.account();
    await account.authorizePin();
    await fetch(url + '/sandbox/fault', { method: 'POST', body: new URLSearchParams({ name: 'reset', count: 3, at: 'api' }) });
    let failed = 0;
    for (let i = 0; i < 4; ++i) await account.request('GET', SUMMARY).catch((error) => { if (!(error instanceof RetryError)) throw error; ++failed; });
    if ((await account.request('GET', SUMMARY)).httpStatus !== 200) throw new Error('no answer');
    await client.close();
    console.log(signals() === before, failed > 0);
  `, [sandbox.url]);
  assert.equal(said, 'true true\n');
  assert.equal(maskOf().length, 3);
});

scenario(['thrown'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const store = new MapStore();
  const client = new Client(options(sandbox, store));
  const heard = [];
  client.on('error', (error) => heard.push(error.message));
  client.on('pin', () => { throw new Error('from a listener'); });
  client.on('token', async () => { throw new Error('from an async listener'); });
  await client.account().authorizePin();
  await waitUntil(() => heard.length >= 2);
  assert.deepEqual(heard.sort(), ['from a listener', 'from an async listener']);
  await client.close();

  const saved = new Map(store.records);
  const gone = new Error('the disk has gone');
  for (const before of [() => { throw gone; }, async () => { throw gone; }]) {
    store.before = before;
    const broken = new Client(options(sandbox, store));
    await assert.rejects(broken.account().token(), (error) => error instanceof ecoauth.StorageError && error.code === 'CALLBACK' && error.cause === gone);
    await broken.close();
  }
  store.before = () => { throw new RetryLater(); };
  const later = new Client(options(sandbox, store));
  await assert.rejects(later.account().token({ timeoutMs: 1000 }), ecoauth.EcoauthError);
  await later.close();
  store.before = undefined;
  assert.deepEqual(store.records, saved);
  const whole = new Client(options(sandbox, store));
  assert.equal((await whole.account().token()).generation, 1);
  await whole.close();
});

test('without a listener for errors, what a listener throws is an uncaught exception', async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const said = await runNode(`
    import { Client, MemoryStore } from 'ecoauth';
    import { options } from './hosts.mjs';
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    const client = new Client(options({ url: process.argv.at(-1) }, new MemoryStore()));
    client.on('pin', () => { throw new Error('from a listener'); });
    await client.account().authorizePin();
    await client.close();
    console.log('went on');
  `, [sandbox.url]);
  assert.equal(said, 'uncaught from a listener\nwent on\n');
});

scenario(['closed'], async (t) => {
  const sandbox = await startSandbox(t);
  const client = new Client(options(sandbox, new MemoryStore()));
  const account = client.account();
  const other = client.account();
  const shown = next(client, 'pin');
  const waiting = assert.rejects(account.authorizePin(), ended);
  await shown;
  const told = next(client, 'closed');
  await Promise.all([client.close(), client.close()]);
  await Promise.all([client.close(), waiting, told]);
  other.close();
  other.close();
  for (const each of [account, other]) {
    for (const use of [() => each.token(), () => each.refresh(), () => each.authorizePin(), () => each.request('GET', '/')]) await assert.rejects(use(), { code: 'CLOSED' });
    for (const use of [() => each.status(), () => each.checkNow(), () => each.reportRejected(1)]) assert.throws(use, { name: 'ClosedError' });
  }
  assert.throws(() => other.tokenInMemory(), { code: 'CLOSED' });
  assert.throws(() => client.account(), { code: 'CLOSED' });
  await assert.rejects(client.quiesce(), { code: 'CLOSED' });
  await assert.rejects(client.accounts(), { code: 'CLOSED' });
  assert.equal(client.closed, true);
});

scenario(['closed'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const listener = new Client(options(sandbox, new MemoryStore()));
  listener.on('pin', () => listener.close());
  await assert.rejects(listener.account().authorizePin(), ended);
  await listener.close();
  const store = new MapStore();
  const closing = new Client(options(sandbox, store));
  store.before = (method) => { if (method === 'save') closing.close(); };
  await closing.account().authorizePin().catch((error) => assert.ok(ended(error) || error.code === 'CALLBACK', error));
  await closing.close();
  // While a call runs on a thread of the pool that waits for a store in JavaScript.
  const slow = new MapStore();
  slow.before = () => sleep(20);
  for (let run = 0; run < 10; ++run) {
    const client = new Client(options(sandbox, slow));
    const pooled = [client.accounts(), client.quiesce(), client.account().token()].map((each) => each.catch((error) => error));
    await sleep(run * 3);
    await client.close();
    await Promise.all(pooled);
  }
}, 'closed by a listener, by a store, and beside calls');

if (Symbol.asyncDispose) {
  test('Symbol.asyncDispose', async (t) => {
    const sandbox = await startSandbox(t, '--auto-approve', '0');
    const client = new Client(options(sandbox, new MemoryStore()));
    await client.account().authorizePin();
    await client[Symbol.asyncDispose]();
    assert.throws(() => client.account(), { code: 'CLOSED' });
  });
}

/** Resident, but of JavaScript's heap only what is used: V8 makes it larger for its own reasons. */
const held = () => {
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return rss - heapTotal + heapUsed;
};
const counts = () => ({ descriptors: count('/proc/self/fd'), threads: count('/proc/self/task') });
const collect = async () => {
  for (let i = 0; i < 5; ++i) {
    gc();
    await turn();
  }
};
test('TLS, with another OpenSSL loaded before', async (t) => {
  const ca = path.join(await temporaryFolder(t), 'ca.pem');
  const sandbox = await startSandbox(t, '--tls', '--tls-ca-out', ca, '--auto-approve', '0');
  const tools = process.env.ECOAUTH_NODE_INSIDE && process.env.ECOAUTH_NODE_TOOLS;
  const said = await runNode(`
    import { createRequire } from 'node:module';
    import https from 'node:https';
    import { once } from 'node:events';
    import fs from 'node:fs';
    const [tools, url, ca] = process.argv.slice(-3);
    if (tools) createRequire(tools + '/')('koffi').load('libssl.so.3', { global: true });
    const { Client, MemoryStore } = await import('ecoauth');
    const { options } = await import('./hosts.mjs');
    const client = new Client({ ...options({ url }, new MemoryStore()), caFile: ca });
    await client.account().authorizePin();
    const mine = client.account().request('GET', '${SUMMARY}');
    const [theirs] = await once(https.get(url, { ca: fs.readFileSync(ca) }), 'response');
    theirs.destroy();
    console.log((await mine).apiStatus, theirs.statusCode > 0);
    await client.close();
    const strict = new Client(options({ url }, new MemoryStore()));
    await strict.account().authorizePin().catch((error) => console.log(error.code));
    await strict.close();
  `, [tools || '', sandbox.url, ca]);
  assert.equal(said, '0 true\nTLS\n');
});

const count = (folder) => fs.readdirSync(folder).length;

scenario(['reopen'], async (t) => {
  const sandbox = await startSandbox(t);
  let before;
  for (let run = 0; run < 13000; ++run) {
    if (run === 4000) { // until then V8 compiles, and takes megabytes for it once
      await collect();
      before = { bytes: held(), ...counts() };
    }
    const client = new Client(options(sandbox, new MapStore()));
    const account = client.account();
    account.status();
    account.close();
    await client.close();
    if (run % 50 === 0) await turn(); // the library's finalizers reach the loop
    if (run % 250 === 0) gc();
  }
  await collect();
  const grown = held() - before.bytes;
  assert.deepEqual({ bytes: before.bytes, ...counts() }, before);
  console.log(`grown by ${Math.round(grown / 1024)} KiB over 9,000 clients`);
  assert.ok(grown < 8 << 20);
  assert.ok(keptCount() <= 1);
});

test('opened again and again with operations', async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const before = count('/proc/self/fd');
  for (let run = 0; run < 12; ++run) {
    const client = new Client(options(sandbox, new MapStore()));
    await client.account().authorizePin();
    assert.equal((await client.account().request('GET', SUMMARY)).apiStatus, 0);
    await client.close();
  }
  await turn();
  assert.ok(count('/proc/self/fd') <= before + 2, `${before} descriptors before, ${count('/proc/self/fd')} after`);
});

scenario(['teardown'], async (t) => {
  const sandbox = await startSandbox(t);
  const runs = Number(process.env.ECOAUTH_NODE_RUNS ?? 20);
  const before = counts();
  for (let run = 0; run < runs; ++run) {
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { url: sandbox.url, store: run % 2 ? 'memory' : 'own', hang: run % 4 === 0 } });
    await next(worker, 'message');
    if (run % 5 === 4) worker.postMessage('end');
    else await worker.terminate();
    if (run % 5 === 4) await next(worker, 'exit');
  }
  // Their clients have ended with them: sockets are closed, threads are gone soon. And the process goes on.
  await waitUntil(() => counts().descriptors <= before.descriptors + 4 && counts().threads <= before.threads + 4);
  const client = new Client(options(sandbox, new MemoryStore()));
  await assert.rejects(client.account().authorizePin({ timeoutMs: 100 }), { code: 'TIMEOUT' });
  await client.close();
});
