// What the tests share: a sandbox process per test, Node processes, and the steps of ../../scenario.json that tests prove.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

export const CLIENT_ID = 'NodeTestNodeTestNodeTestNodeTest';
export const SUMMARY = `/1/thermostatSummary?json=${encodeURIComponent('{"selection":{"selectionType":"registered","selectionMatch":""}}')}`;
const READY = 'ecoauth-sandbox ready: ';
const TESTS = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

// A step is printed when all tests of it have passed.
const results = new Map();
process.on('exit', () => {
  for (const [step, passed] of results) if (passed) console.log(`scenario ${step}: passed`);
});

/** A test that proves these steps. */
export function scenario(steps, run, name = steps.join(', ')) {
  test(name, async (t) => {
    for (const step of steps) if (!results.has(step)) results.set(step, true);
    try {
      await run(t);
    } catch (error) {
      for (const step of steps) results.set(step, false);
      throw error;
    }
  });
}

/** A sandbox on a free port, which ends with the test. */
export async function startSandbox(t, ...parameters) {
  const folder = await temporaryFolder(t);
  const child = spawn(process.env.ECOAUTH_SANDBOX, ['--port', '0', '--interval', '1', ...parameters], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill();
    await ended;
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  if (!line.startsWith(READY)) throw new Error(`the sandbox said ${line}`);
  const url = line.slice(READY.length).trim();
  const answer = async (response) => {
    if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    url,
    control: async (what, values = {}) => answer(await fetch(`${url}/sandbox/${what}`, { method: 'POST', body: new URLSearchParams(values) })),
    log: async () => (await answer(await fetch(`${url}/sandbox/log`))).requests,
  };
}

export async function temporaryFolder(t) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'ecoauth-node-'));
  t.after(() => fs.rm(folder, { recursive: true, force: true }));
  return folder;
}

export const options = (sandbox, store) => ({ store, clientId: CLIENT_ID, baseUrl: sandbox.url });

/** The first value that an emitter gives; generous, and an error when it never comes. */
export const next = async (emitter, event) => (await once(emitter, event, { signal: AbortSignal.timeout(60000) }))[0];

/** Records in a Map. What `before` gives is awaited at the beginning of each method. */
export class MapStore {
  records = new Map();
  calls = new Set();
  before = undefined;

  async load(key) {
    await this.#begin('load');
    return this.records.get(key)?.record;
  }

  async save(key, expectedSeq, record, newSeq) {
    await this.#begin('save');
    if ((this.records.get(key)?.seq ?? 0) !== expectedSeq) return false;
    this.records.set(key, { seq: newSeq, record: Buffer.from(record) });
    return true;
  }

  async erase(key) {
    await this.#begin('erase');
    this.records.delete(key);
  }

  async list() {
    await this.#begin('list');
    return this.records.keys();
  }

  #begin(method) {
    this.calls.add(method);
    return this.before?.(method);
  }
}

/** A Node process of this version with the package under test; what it printed, once it has ended by itself with success. */
export async function runNode(code, parameters = [], { flags = [], cwd = TESTS, env = {}, module = true } = {}) {
  const type = module ? ['--input-type=module'] : [];
  const child = spawn(process.execPath, [...flags, ...type, '--eval', code, '--', ...parameters], { cwd, env: { ...process.env, ...env, NODE_TEST_CONTEXT: '' },
    stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
  const late = setTimeout(() => child.kill('SIGKILL'), 120000);
  const [exitCode, signal] = await once(child, 'close');
  clearTimeout(late);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}, signal ${signal}: ${said}`);
  return said;
}

export async function waitUntil(condition, patienceMs = 30000) {
  for (const end = Date.now() + patienceMs; !condition();) {
    if (Date.now() > end) throw new Error(`waited in vain for ${condition}`);
    await sleep(5);
  }
}
