// 200 pieces of hostile markup in application names, scopes, redirect addresses, error texts and the log: none runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sandbox, enterPin, openPage, signIn } from './harness.mjs';

const openings = ['', '<', '"\'><', '</title><', '</textarea><', '</style><', '--><', '\\"><', '{{x}}<', '`'];
const middles = ['script>alert(1)</script>', 'img src=x onerror=alert(1)>', 'svg/onload=alert(1)>', 'iframe srcdoc="<script>alert(1)</script>">',
  'details open ontoggle=alert(1)>', 'input autofocus onfocus=alert(1)>', 'body onload=alert(1)>', 'video><source onerror=alert(1)>',
  'form action=javascript:alert(1)><button id=x>', 'a href=javascript:alert(1) id=x>', 'meta http-equiv=refresh content="0;javascript:alert(1)">',
  'base href=//evil.example/>', 'link rel=stylesheet href=//evil.example/x.css>', 'style>@import "//evil.example/x.css"</style>',
  'svg><animate onbegin=alert(1) attributeName=x dur=1s>', 'math><mtext><script>alert(1)</script>', 'object data=javascript:alert(1)>',
  'script src=/sandbox/log>', 'marquee onstart=alert(1)>', 'x onpointerover=alert(1) style=position:fixed;inset:0>'];
const payloads = openings.flatMap((opening) => middles.map((middle) => opening + middle));

/// Nothing ran, nothing was fetched from elsewhere, and no element came out of a value.
async function expectHarmless(page, where) {
  await page.mouse.move(200, 200);
  assert.deepEqual(page.complaints, [], where);
  assert.deepEqual(page.foreign, [], where);
  const odd = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) =>
    /^(iframe|object|embed|svg|math|style|video|details|marquee|base|x)$/i.test(element.tagName) ||
    [...element.attributes].some((each) => /^on/i.test(each.name) || /^\s*javascript:/i.test(each.value)) ||
    (element.tagName === 'SCRIPT' && !element.src.endsWith('/control.js'))).map((element) => element.outerHTML));
  assert.deepEqual(odd, [], where);
}

async function watchedPage(sandbox) {
  const page = await openPage();
  page.foreign = [];
  page.on('request', (request) => { if (!request.url().startsWith(sandbox.url)) page.foreign.push(request.url()); });
  return page;
}

/// Ten at a time, where a page shows several.
const bunches = Array.from({ length: 20 }, (_, number) => payloads.slice(10 * number, 10 * number + 10));

test('200 payloads', { timeout: 500000 }, async (context) => {
  assert.equal(payloads.length, 200);
  const keys = payloads.map((_, number) => String(number).padStart(32, 'K'));
  const sandbox = await Sandbox.start(...payloads.flatMap((payload, number) => ['--client-name', `${keys[number]}=${payload}`]));
  const page = await watchedPage(sandbox);
  await signIn(page, sandbox);

  await context.test('in names and scopes', async () => {
    for (const [number, payload] of payloads.entries()) {
      const pending = await sandbox.startPin(payload, keys[number]);
      await sandbox.control('approve', { pin: pending.ecobeePin });
      await sandbox.token({ grant_type: 'ecobeePin', code: pending.code, client_id: keys[number] });
    }
    await page.goto(sandbox.url + '/consumerportal/index.html');
    assert.equal(await page.locator('section.app').count(), payloads.length);
    await expectHarmless(page, 'My Apps');
    await page.getByRole('link', { name: 'Remove' }).first().click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByText('has lost its access').waitFor();
    await expectHarmless(page, 'removed');
    await page.goto(sandbox.url + '/consumerportal/developer');
    assert.equal(await page.locator('.entry').count(), payloads.length);
    await expectHarmless(page, 'Developer');
    for (const [number, bunch] of bunches.entries()) {
      await enterPin(page, (await sandbox.startPin(bunch.join(' '), keys[10 * number])).ecobeePin);
      await page.getByRole('heading', { name: 'Authorize this application?' }).waitFor();
      await expectHarmless(page, bunch);
    }
  });

  await context.test('in the browser flow', async () => {
    for (const [number, bunch] of bunches.entries()) {
      const good = { response_type: 'code', client_id: keys[10 * number + 1], redirect_uri: 'https://client.example/back',
        scope: bunch.join(' '), state: bunch.join('') };
      // The page that asks, and the one that says what is wrong.
      for (const asked of [good, { ...good, redirect_uri: 'https://client.example/' + bunch[number % 10] }]) {
        await page.goto(sandbox.url + '/authorize?' + new URLSearchParams(asked));
        await expectHarmless(page, bunch);
      }
    }
    const stranger = await watchedPage(sandbox);
    for (const number of [3, 33, 63, 93, 123]) { // and the one that asks who it is
      await stranger.goto(sandbox.url + '/authorize?' + new URLSearchParams({ response_type: 'code', client_id: keys[number],
        redirect_uri: 'https://client.example/back', state: payloads[number] }));
      await stranger.getByText('asks for access').waitFor();
      await expectHarmless(stranger, payloads[number]);
    }
  });

  await context.test('typed, and in the log', async () => {
    for (const payload of payloads) {
      await sandbox.request('POST', '/token', { grant_type: payload, client_id: payload, scope: payload },
        { 'User-Agent': payload, Authorization: payload });
      await sandbox.request('GET', '/authorize?' + new URLSearchParams({ response_type: payload, [payload]: payload }));
    }
    await page.goto(sandbox.url + '/consumerportal/control');
    await page.getByText('Updates by itself.').waitFor();
    await sandbox.startPin();
    await page.getByText('ecobeePin').first().waitFor(); // also what the script has put in
    await expectHarmless(page, 'Control');
    for (const bunch of bunches) {
      await page.goto(sandbox.url + '/consumerportal/developer');
      await page.getByLabel('Name').fill(bunch[0]);
      await page.getByLabel('Redirect addresses').fill(bunch.join('\n'));
      await page.getByRole('button', { name: 'Register' }).click();
      await page.getByRole('alert').waitFor();
      await expectHarmless(page, bunch);
    }
  });
});
