// What the browser tests share: a sandbox, a client, Chromium, and what must hold for every page.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';

export const require = createRequire(path.join(process.env.PORTAL_MODULES, 'package.json'));
const { chromium } = require('playwright-core');

export const PATIENCE_MS = 30000; // generous: a busy machine must not make a test fail
export const CLIENT_ID = 'PortalTestKeyPortalTestKeyPortal';
export const PASSWORD = 'correct horse';

/// Called in the end, the last one first.
export const cleanUps = [];
after(async () => {
  await browser?.close();
  for (const each of cleanUps.reverse()) await each();
});

/// The first true value of condition().
export async function waitFor(condition, what) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const value = await condition();
    if (value) return value;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`waited ${PATIENCE_MS} ms in vain for ${what}`);
}

/// A process whose output is kept, ended by its id.
class Program {
  constructor(program, args, env) {
    this.out = '';
    this.process = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr])
      createInterface({ input: stream }).on('line', (line) => { this.out += line + '\n'; });
    this.ended = once(this.process, 'close').then(([code]) => code, (problem) => { this.out += problem; });
  }

  async line(pattern) {
    return waitFor(() => this.out.match(pattern), `${pattern} in ${this.out}`);
  }

  async stop() {
    if (this.process.pid && this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    return this.ended;
  }
}

export class Sandbox {
  /// Ann has an account; PINs may be polled every second.
  static async start(...args) {
    const sandbox = new Sandbox();
    sandbox.program = new Program(process.env.ECOAUTH_SANDBOX,
      ['--port', '0', '--interval', '1', '--account', `ann:${PASSWORD}`, '--client-name', 'Home Controller', ...args], process.env);
    sandbox.url = (await sandbox.program.line(/ecoauth-sandbox ready: (\S+)/))[1];
    cleanUps.push(() => sandbox.program.stop());
    return sandbox;
  }

  async request(method, where, form, headers = {}) {
    return fetch(this.url + where, { method, headers, redirect: 'manual', body: form && new URLSearchParams(form) });
  }

  async control(what, form, method = 'POST') {
    const answer = await this.request(method, '/sandbox/' + what, form);
    assert.equal(answer.status, 200, `${method} ${what}`);
    return answer.json();
  }

  async startPin(scope = 'smartRead', clientId = CLIENT_ID) {
    const query = new URLSearchParams({ response_type: 'ecobeePin', client_id: clientId, scope });
    const answer = await this.request('GET', '/authorize?' + query);
    assert.equal(answer.status, 200);
    return answer.json();
  }

  token(form) {
    return this.request('POST', '/token', { client_id: CLIENT_ID, ...form });
  }
}

/// A real "ecoauth" with a store of its own.
export class Client {
  static async make(sandbox) {
    const client = new Client();
    client.folder = await mkdtemp(path.join(os.tmpdir(), 'ecoauth-portal-'));
    cleanUps.push(() => rm(client.folder, { recursive: true, force: true }));
    client.env = { PATH: process.env.PATH, HOME: client.folder, XDG_STATE_HOME: client.folder, ECOAUTH_SERVER: sandbox.url,
                   ECOAUTH_CLIENT_ID: CLIENT_ID, LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH ?? '' };
    return client;
  }

  start(...args) {
    const program = new Program(process.env.ECOAUTH, args, this.env);
    cleanUps.push(() => program.stop());
    return program;
  }

  async run(...args) {
    const program = this.start(...args);
    return { code: await program.ended, out: program.out };
  }

  /// "ecoauth login", once it has shown its PIN.
  async login(scope = 'smartRead') {
    const login = this.start('--scope', scope, 'login');
    login.pin = (await login.line(/PIN:\s+(\S+)/))[1];
    return login;
  }
}

let browser; // one for all tests of a file
/// A page of a fresh browser profile. Anything a page's script complains about fails the test.
export async function openPage(options = {}) {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu',
    '--font-render-hinting=none', '--disable-lcd-text', '--disable-dev-shm-usage', '--force-color-profile=srgb'] });
  const context = await browser.newContext({ viewport: { width: 1024, height: 720 }, locale: 'en-US', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    // The browser itself tells of every page that comes with a status of 400 or more.
    if (message.type() === 'error' && !/^Failed to load resource: .*status of 4\d\d/.test(message.text()))
      page.complaints.push(message.text());
  });
  page.on('dialog', (dialog) => { page.complaints.push('dialog ' + dialog.message()); dialog.dismiss(); });
  return page;
}

export async function signIn(page, sandbox, name = 'ann', where = '/consumerportal/index.html') {
  await page.goto(sandbox.url + where);
  await page.getByLabel('Account').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: name === 'ann' ? 'Sign in' : 'Create this account' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/// Goes where a person goes with a PIN.
export async function enterPin(page, pin) {
  await page.getByRole('navigation').getByRole('link', { name: 'Add Application' }).click();
  await page.getByLabel('PIN').fill(pin);
  await page.getByRole('button', { name: 'Validate' }).click();
}

/// No violation of WCAG 2.2 A and AA, nor of axe's own best practices; and it says that it is not ecobee.
export async function expectAccessible(page) {
  await page.waitForLoadState('load'); // with its style sheet: colours are looked at, too
  assert.match(await page.locator('.notice').innerText(), /This is a sandbox, not ecobee/);
  await page.evaluate(require('axe-core').source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(violations.map((each) => `${each.id}: ${each.help} (${each.nodes.map((node) => node.html).join(' | ')})`), []);
}

export function expectQuiet(page) {
  assert.deepEqual(page.complaints, []);
}
