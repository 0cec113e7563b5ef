// The steps of ../../scenario.json.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import fs from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import * as ecoauth from 'ecoauth';
import { MapStore, SUMMARY, next, options, runNode, scenario, startSandbox, temporaryFolder } from './hosts.mjs';

const { Client, FileStore, MemoryStore } = ecoauth;

scenario(['pin', 'progress', 'approve'], async (t) => {
  const sandbox = await startSandbox(t);
  const client = new Client(options(sandbox, new MemoryStore()));
  const account = client.account();
  const shown = next(client, 'pin');
  const progress = next(client, 'progress');
  const authorized = account.authorizePin();
  const pin = await shown;
  assert.match(pin.pin, /^[A-Z0-9]{4}-[A-Z0-9]{4}$/);
  assert.match(pin.verificationUrl, /\/consumerportal\/index\.html$/);
  assert.ok(pin.remainingMs > 0 && pin.remainingMs <= 900000);
  assert.equal(pin.scope, 'smartRead');
  assert.equal(pin.account, 'default');
  const { remainingMs } = await progress;
  assert.ok(remainingMs > 0 && remainingMs < pin.remainingMs);
  await sandbox.control('approve', { pin: pin.pin });
  await authorized;
  const status = account.status();
  assert.deepEqual([status.state, status.generation, status.scopeSatisfied, status.store, status.flags], ['ACTIVE', 1, true, 'memory', []]);
  assert.equal(account.lastError(), null);
  for (const form of [inspect(pin), String(pin), JSON.stringify(pin), inspect(client, { depth: 9, showHidden: true })]) assert.ok(!form.includes(pin.pin), form);
  await client.close();
});

scenario(['token', 'refresh'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const client = new Client(options(sandbox, new MemoryStore()));
  const account = client.account();
  assert.equal(account.tokenInMemory(), null);
  assert.equal(account.generation, 0);
  await assert.rejects(account.token(), (error) => error instanceof ecoauth.ReauthorizeError && error.code === 'NEEDS_AUTHORIZATION' && error.advice !== '' &&
    error.stack.includes('scenario.test.mjs'));
  await account.authorizePin();
  const token = await account.token();
  assert.ok(token.accessToken);
  assert.equal(token.authorizationHeader, `Bearer ${token.accessToken}`);
  assert.equal(token.generation, 1);
  assert.ok(token.validMs > 3500000 && token.validMs <= 3600000);
  assert.equal(token.saved, true);
  assert.equal(account.tokenInMemory(), token.accessToken);
  for (const form of [inspect(token, { showHidden: true }), `${token}`, JSON.stringify(token), inspect(account, { showHidden: true })])
    assert.ok(!form.includes(token.accessToken), form);

  await account.refresh();
  const second = await account.token();
  assert.equal(second.generation, 2);
  assert.notEqual(second.accessToken, token.accessToken);
  assert.equal(account.reportRejected(token.generation), false);
  await assert.rejects(account.refresh(), (error) => error instanceof ecoauth.RetryError && error.code === 'RATE_LIMITED' && error.action === 'RETRY' && error.retryAfterMs > 0);
  assert.equal(await account.signOut(), true);
  assert.equal(await account.signOut(), false);
  await client.close();
});

scenario(['request'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const client = new Client(options(sandbox, new MemoryStore()));
  const account = client.account();
  await account.authorizePin();
  const first = await account.request('GET', SUMMARY);
  assert.deepEqual([first.httpStatus, first.apiStatus], [200, 0]);
  assert.equal(first.json().thermostatCount, 1);
  await sandbox.control('expire', { what: 'access' });
  const second = await account.request('GET', SUMMARY);
  assert.deepEqual([second.httpStatus, second.apiStatus, account.generation], [200, 0, 2]);
  assert.equal((await sandbox.log()).filter((each) => each.path.startsWith('/1/thermostatSummary')).length, 3);
  const posted = await account.request('POST', '/1/thermostat?format=json', { body: '{"selection": {}}', contentType: 'application/json' });
  assert.ok(posted.httpStatus > 0);
  for (const headers of [{ 'X-Of-Mine': 'yes' }, new Map([['X-Of-Mine', 'yes']]), new Headers({ 'X-Of-Mine': 'yes' })])
    assert.equal((await account.request('GET', SUMMARY, { headers, maxResponseBytes: 100000 })).apiStatus, 0);
  await assert.rejects(account.request('GET', SUMMARY, { headers: { Authorization: 'Bearer x' } }), { code: 'INVALID_ARGUMENT' });
  await assert.rejects(account.request('GET', SUMMARY, { headers: { 'X-Of-Mine': 'yes\nAuthorization: x' } }), TypeError);
  await assert.rejects(account.request('GET', SUMMARY, { maxResponseBytes: 10 }), { name: 'ConfigError', code: 'PROTOCOL' });
  await assert.rejects(account.request('POST', '/1/thermostat', { body: { selection: {} } }), TypeError);
  await client.close();
});

scenario(['cancel'], async (t) => {
  const sandbox = await startSandbox(t);
  const client = new Client(options(sandbox, new MemoryStore()));
  const account = client.account();
  const controller = new AbortController();
  let shown = next(client, 'pin');
  const given = assert.rejects(account.authorizePin({ signal: controller.signal }), (error) => error === controller.signal.reason && error.name === 'AbortError');
  const { pin } = await shown;
  const begun = performance.now();
  controller.abort();
  await given;
  assert.ok(performance.now() - begun < 1000);
  await assert.rejects(account.authorizePin({ signal: controller.signal }), { name: 'AbortError' });
  await assert.rejects(account.authorizePin({ signal: AbortSignal.timeout(200) }), (error) => error instanceof DOMException && error.name === 'TimeoutError');
  await assert.rejects(account.authorizePin({ timeoutMs: 200 }), (error) => error instanceof ecoauth.TimeoutError && error.code === 'TIMEOUT');
  shown = next(client, 'pin');
  const authorized = account.authorizePin();
  assert.equal((await shown).pin, pin);
  await sandbox.control('approve', { pin });
  await authorized;
  await client.close();
});

scenario(['expired'], async (t) => {
  const sandbox = await startSandbox(t, '--expired-as', 'authorization_expired');
  const client = new Client(options(sandbox, new MemoryStore()));
  const shown = next(client, 'pin');
  const ended = assert.rejects(client.account().authorizePin(), (error) => error instanceof ecoauth.ReauthorizeError && error.code === 'PIN_EXPIRED');
  await shown;
  await sandbox.control('expire', { what: 'pin' });
  await ended;
  await client.close();
});

scenario(['declined'], async (t) => {
  const sandbox = await startSandbox(t);
  const client = new Client(options(sandbox, new MemoryStore()));
  const shown = next(client, 'pin');
  const ended = assert.rejects(client.account().authorizePin(), { name: 'ReauthorizeError', code: 'DECLINED', oauthError: 'access_denied' });
  await sandbox.control('decline', { pin: (await shown).pin });
  await ended;
  await client.close();
});

scenario(['own-store'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const store = new MapStore();
  // JavaScript has one thread. That the library waits on another is shown by this: a call that it makes ends only after timers of the loop.
  let ticks = 0;
  const ticking = setInterval(() => ++ticks, 1);
  store.before = async () => {
    const seen = ticks;
    while (ticks < seen + 3) await sleep(1);
  };
  const client = new Client(options(sandbox, store));
  const account = client.account();
  await account.authorizePin();
  await account.refresh();
  assert.equal(account.status().store, 'callbacks');
  if (ecoauth.hasFeature('accounts')) assert.deepEqual(await client.accounts(), ['default']);
  await client.quiesce({ timeoutMs: 5000 });
  await client.close();
  clearInterval(ticking);
  assert.equal(store.records.size, 1);
  for (const method of ['load', 'save', 'list']) assert.ok(store.calls.has(method), method);
  store.before = undefined;
  const second = new Client(options(sandbox, store));
  assert.equal((await second.account().token()).generation, 2);
  assert.equal(await second.account().signOut(), true);
  await second.close();
});

const REQUESTER = `
import { Client, FileStore } from 'ecoauth';
import { options, SUMMARY } from './hosts.mjs';
const [url, folder] = process.argv.slice(-2);
const client = new Client(options({ url }, new FileStore(folder)));
const { httpStatus, apiStatus } = await client.account().request('GET', SUMMARY);
await client.close();
console.log(httpStatus, apiStatus);
`;

scenario(['two-processes'], async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0', '--refresh-policy', 'strict');
  const folder = path.join(await temporaryFolder(t), 'tokens');
  const client = new Client(options(sandbox, new FileStore(folder)));
  await client.account().authorizePin();
  await client.close();
  await sandbox.control('expire', { what: 'access' });
  const exchanges = async () => (await sandbox.log()).filter((each) => each.path === '/token').length;
  const before = await exchanges();
  assert.deepEqual(await Promise.all([1, 2].map(() => runNode(REQUESTER, [sandbox.url, folder]))), ['200 0\n', '200 0\n']);
  assert.equal(await exchanges(), before + 1);
});

test('records are sealed', async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const folder = path.join(await temporaryFolder(t), 'tokens');
  const key = randomBytes(32);
  const asked = [];
  const seal = { keys: async (id) => (asked.push(id), key) };
  const client = new Client(options(sandbox, new FileStore(folder, { seal })));
  await client.account().authorizePin();
  assert.notEqual(client.account().status().seal, 'none');
  const { accessToken } = await client.account().token();
  await client.close();
  assert.ok(asked.includes(null));
  const files = (await fs.readdir(folder)).map((name) => path.join(folder, name));
  for (const file of files) assert.ok(!(await fs.readFile(file)).includes(accessToken));
});

test('a token pair that cannot be saved', async (t) => {
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  const store = new MapStore();
  const client = new Client(options(sandbox, store));
  const account = client.account();
  await account.authorizePin();
  let saves = 0;
  store.before = (method) => { // the intent is saved, the pair is not
    if (method === 'save' && ++saves > 1) throw new ecoauth.RetryLater();
  };
  const told = next(client, 'unsaved');
  await account.refresh();
  const unsaved = await told;
  assert.ok(Buffer.isBuffer(unsaved.record) && unsaved.record.length > 100);
  assert.ok(unsaved.error instanceof ecoauth.EcoauthError);
  assert.ok(!inspect(unsaved, { showHidden: true }).includes('record') && !JSON.stringify(unsaved).includes('record'));
  const token = await account.token();
  assert.deepEqual([token.generation, token.saved], [2, false]);
  assert.ok(account.status().flags.includes('UNSAVED'));
  store.before = undefined;
  await client.close(); // saves what is left
  const second = new Client(options(sandbox, store));
  assert.equal((await second.account().token()).generation, 2);
  await second.close();
});

test('options are checked', async () => {
  for (const [option, value, name] of [['baseUrl', 'http://ecobee.example', 'base_url'], ['caFile', '/nonexistent', 'ca_file'], ['clientId', '', 'client_id'],
    ['proxy', 'socks5://127.0.0.1:1', 'proxy'], ['requestTimeoutMs', 1, 'request_timeout_ms'], ['advisoryWindow', [60, 50], 'advisory_window'],
    ['mandatoryWindow', [0, 51], 'mandatory_window']])
    assert.throws(() => new Client({ store: new MemoryStore(), [option]: value }),
      { name: 'ConfigError', code: 'INVALID_ARGUMENT', message: new RegExp(name), advice: /./ });
  for (const [option, value] of [['baseUrI', 'x'], ['clientId', 5], ['requestTimeoutMs', '5000'], ['toString', 'x'], ['advisoryWindow', 70]])
    assert.throws(() => new Client({ store: new MemoryStore(), [option]: value }), { name: 'TypeError', message: new RegExp(option) });
  assert.throws(() => new Client({ store: 'tokens' }), TypeError);
  assert.throws(() => new Client({ store: new MemoryStore(), clientId: 'a\0b' }), TypeError);
  assert.throws(() => new Client({ store: new MemoryStore(), role: 'LEADER' }), { name: 'TypeError', message: /OWNER, FOLLOWER/ });
  const client = new Client({ store: new MemoryStore(), role: 'FOLLOWER', keepFresh: 'ALWAYS', polling: 'ON_DEMAND', parameterStyle: 'BODY', logLevel: 'TRACE',
    requestTimeoutMs: 5000, connectTimeoutMs: 1000, shutdownTimeoutMs: 1000, advisoryWindow: [50, 60], mandatoryWindow: [1000, 2], scope: 'smartWrite' });
  assert.equal(client.account('other').status().scopeAsked, 'smartWrite');
  assert.equal(client.account('other').status().account, 'other');
  await client.close();
});

test('what is running', () => {
  assert.match(ecoauth.libraryVersion(), /^\d+\.\d+\.\d+$/);
  assert.equal(ecoauth.hasFeature('pin'), true);
  assert.equal(ecoauth.hasFeature('no such thing'), false);
  assert.match(ecoauth.runtimeInfo('openssl'), /^OpenSSL 3/);
  assert.equal(ecoauth.runtimeInfo('no such thing'), null);
  assert.throws(() => ecoauth.loadLibrary('/another'), /loaded already/);
});

test('both module systems share one state', () => {
  const required = createRequire(import.meta.url)('ecoauth');
  assert.deepEqual(Object.keys(required).sort(), Object.keys(ecoauth).filter((name) => name !== 'default').sort());
  assert.equal(required.Client, Client);
});
