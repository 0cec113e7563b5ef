// Screenshots of every page, at desktop and phone width, light and dark, compared with those in the documentation.
// PORTAL_UPDATE=1 in the environment takes them anew; look at them before you commit them.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CLIENT_ID, Sandbox, enterPin, expectAccessible, expectQuiet, openPage, require, signIn } from './harness.mjs';

const { PNG } = require('pngjs');
const pixelmatch = require('pixelmatch');

const GOLDEN = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'portal');
const SEEN = path.join(process.env.PORTAL_MODULES, '..', 'seen');
const WIDTHS = { desktop: { width: 1024, height: 720 }, phone: { width: 390, height: 780 } };
// A newer Chromium or FreeType may draw a few edges otherwise, or break a line some pixels lower.
const MOST_DIFFERING = 0.01;
const MOST_HIGHER_PX = 12;

/// Everything that differs from run to run gets one text.
function steady() {
  for (const time of document.querySelectorAll('time'))
    time.textContent = time.textContent.includes('-') ? '2026-01-15 09:30 UTC' : time.textContent.includes(':') ? '09:30' : '14 min';
  for (const code of document.querySelectorAll('code')) {
    if (/^#[0-9a-f]{8}$/.test(code.textContent)) code.textContent = '#5ca1ab1e';
    if (/^Bearer/.test(code.textContent)) code.textContent = 'Bearer #0ddba115';
    if (/^[B-Z]{4}-[B-Z]{4}$/.test(code.textContent)) code.textContent = 'RHBM-BXPD';
    if (/^[A-Za-z0-9]{32}$/.test(code.textContent)) code.textContent = 'Example0Key1Example0Key1Example0';
  }
  for (const field of document.querySelectorAll('input')) field.style.caretColor = 'transparent';
}

async function compare(name, shot) {
  await mkdir(SEEN, { recursive: true });
  await writeFile(path.join(SEEN, name), shot);
  if (process.env.PORTAL_UPDATE) {
    await mkdir(GOLDEN, { recursive: true });
    return writeFile(path.join(GOLDEN, name), shot);
  }
  const [golden, seen] = [PNG.sync.read(await readFile(path.join(GOLDEN, name))), PNG.sync.read(shot)];
  assert.equal(seen.width, golden.width, name);
  assert.ok(Math.abs(seen.height - golden.height) <= MOST_HIGHER_PX, `${name}: ${seen.height} high instead of ${golden.height}`);
  const height = Math.min(seen.height, golden.height), { width } = golden;
  const differing = pixelmatch(golden.data.subarray(0, width * height * 4), seen.data.subarray(0, width * height * 4), null,
    width, height, { threshold: 0.2 });
  assert.ok(differing <= width * height * MOST_DIFFERING,
    `${name}: ${differing} of ${width * height} pixels differ; what was seen is in ${SEEN}`);
}

/// Each page by name, and how to get there.
const pages = {
  'sign-in': async (page, sandbox) => page.goto(sandbox.url),
  'my-apps': async (page, sandbox) => signIn(page, sandbox),
  'remove': async (page) => page.getByRole('link', { name: 'Remove Home Controller' }).click(),
  'add-application': async (page, sandbox) => {
    await page.goto(sandbox.url + '/consumerportal/add');
  },
  'pin': async (page, sandbox) => enterPin(page, (await sandbox.startPin('smartWrite')).ecobeePin),
  'authorized': async (page) => page.getByRole('button', { name: 'Authorize' }).click(),
  'wrong-pin': async (page) => {
    await enterPin(page, 'WRNG-PNNN');
    await page.getByRole('alert').waitFor();
  },
  'consent': async (page, sandbox) => page.goto(sandbox.url + '/authorize?' + new URLSearchParams({ response_type: 'code',
    client_id: CLIENT_ID, redirect_uri: 'https://client.example/back', scope: 'smartRead,smartWrite', state: 's' })),
  'developer': async (page, sandbox) => page.goto(sandbox.url + '/consumerportal/developer'),
  'control': async (page, sandbox) => {
    await page.goto(sandbox.url + '/consumerportal/control');
    await page.getByText('Updates by itself.').waitFor();
  },
};

/// A sandbox where something has happened.
async function lively() {
  const sandbox = await Sandbox.start('--client', 'WarmFloorKeyWarmFloorKeyWarmFloo:code', '--client-name',
    'WarmFloorKeyWarmFloorKeyWarmFloo=Warm Floor', '--redirect-uri',
    'WarmFloorKeyWarmFloorKeyWarmFloo=https://floor.example/ecobee/callback');
  const pending = await sandbox.startPin('smartRead');
  await sandbox.token({ grant_type: 'ecobeePin', code: pending.code });
  await sandbox.control('approve', { pin: pending.ecobeePin });
  const tokens = await (await sandbox.token({ grant_type: 'ecobeePin', code: pending.code })).json();
  await sandbox.request('GET', '/1/thermostatSummary', undefined, { Authorization: 'Bearer ' + tokens.access_token });
  await sandbox.control('fault', { name: 'http_status', status: 503 });
  await sandbox.token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  await sandbox.token({ grant_type: 'refresh_token', refresh_token: 'stale' });
  await sandbox.control('fault', { name: 'oauth_error', error: 'invalid_grant', count: -1 });
  return sandbox;
}

for (const [width, viewport] of Object.entries(WIDTHS)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`pages, ${width}, ${colorScheme}`, { timeout: 180000 }, async (context) => {
      const sandbox = await lively();
      const page = await openPage({ viewport, colorScheme, reducedMotion: 'reduce' });
      for (const [name, open] of Object.entries(pages)) {
        await open(page, sandbox);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await expectAccessible(page);
        await page.evaluate(steady);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true,
          `${name} is wider than the window`);
        const shot = await page.screenshot({ fullPage: true, animations: 'disabled', caret: 'hide' });
        await context.test(name, () => compare(`${name}-${width}-${colorScheme}.png`, shot));
      }
      expectQuiet(page);
    });
  }
}
