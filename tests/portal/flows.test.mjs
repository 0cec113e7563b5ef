// What people do in the portal, in a real browser, while a real client waits.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { CLIENT_ID, Client, Sandbox, cleanUps, enterPin, expectAccessible, expectQuiet, openPage, signIn,
  waitFor } from './harness.mjs';

test('adding an application by PIN while "ecoauth login" waits, and removing it', async () => {
  const sandbox = await Sandbox.start();
  const client = await Client.make(sandbox);
  const login = await client.login('smartWrite');
  const page = await openPage();
  await signIn(page, sandbox);
  await page.getByRole('link', { name: 'Add application', exact: true }).click();
  await page.getByLabel('PIN').fill(login.pin.toLowerCase().replace('-', ''));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Home Controller' }).waitFor();
  for (const words of ['change their settings', login.pin, 'Time left'])
    await page.getByText(words).first().waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Authorize' }).click();
  await page.getByRole('heading', { name: 'Application authorized' }).waitFor();
  await expectAccessible(page);
  assert.equal(await login.ended, 0, login.out);
  assert.equal((await client.run('request', 'GET', '/1/thermostatSummary')).code, 0);

  await page.getByRole('link', { name: 'My Apps' }).first().click();
  await page.getByText('not yet').waitFor({ state: 'detached' });
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Remove Home Controller' }).click();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByText('has lost its access').waitFor();
  await expectAccessible(page);
  const refused = await client.run('request', 'GET', '/1/thermostatSummary');
  assert.equal(refused.code, 3, refused.out); // authorization needed
  assert.match(refused.out, /removed|revoked|deauthorized|My Apps/i);
  expectQuiet(page);
});

test('declining', async () => {
  const sandbox = await Sandbox.start();
  const login = await (await Client.make(sandbox)).login();
  const page = await openPage();
  await signIn(page, sandbox, 'somebody new');
  await enterPin(page, login.pin);
  await page.getByRole('button', { name: 'Decline' }).click();
  await page.getByRole('heading', { name: 'Application declined' }).waitFor();
  assert.equal(await login.ended, 6, login.out); // expired or declined
  expectQuiet(page);
});

test('an expired PIN', async () => {
  const sandbox = await Sandbox.start();
  const pending = await sandbox.startPin();
  const page = await openPage();
  await signIn(page, sandbox);
  await enterPin(page, pending.ecobeePin);
  await page.getByRole('button', { name: 'Authorize' }).waitFor();
  await sandbox.control('clock', { advance_s: 901 });
  await page.getByRole('button', { name: 'Authorize' }).click();
  assert.match(await page.getByRole('alert').innerText(), /expired/);
  await expectAccessible(page);
  const answer = await sandbox.token({ grant_type: 'ecobeePin', code: pending.code });
  assert.equal((await answer.json()).error, 'invalid_grant');
});

test('wrong PINs until the limit', async () => {
  const sandbox = await Sandbox.start();
  const pending = await sandbox.startPin();
  const page = await openPage();
  await signIn(page, sandbox);
  for (let count = 0; count < 5; ++count) {
    await enterPin(page, 'BBBB-BBBB');
    assert.match(await page.getByRole('alert').innerText(), /not waiting/);
  }
  await enterPin(page, pending.ecobeePin);
  assert.match(await page.getByRole('alert').innerText(), /Too many wrong PINs. Try again in (9|10) min/);
  await expectAccessible(page);
});

/// The application's own site: takes the browser back at /back and, as some do, sends it on to another of its hosts.
async function application() {
  const server = createServer((request, answer) => {
    const { pathname, search } = new URL(request.url, 'http://localhost');
    if (pathname !== '/back') return answer.end('done');
    answer.writeHead(302, { Location: `http://localhost:${server.address().port}/done${search}` }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  return `http://127.0.0.1:${server.address().port}/back`;
}

function authorizeAddress(redirectUri, change = {}) {
  return '/authorize?' + new URLSearchParams({ response_type: 'code', client_id: CLIENT_ID, scope: 'smartRead,smartWrite',
    redirect_uri: redirectUri, state: 's=1&t', ...change });
}

for (const [button, member] of [['Accept', 'code'], ['Decline', 'error']]) {
  test(`the consent page: ${button}`, async () => {
    const sandbox = await Sandbox.start('--any-redirect');
    const page = await openPage();
    const back = await application();
    await page.goto(sandbox.url + authorizeAddress(back));
    await page.getByText('Home Controller asks for access').waitFor();
    await expectAccessible(page);
    await signIn(page, sandbox, 'ann', authorizeAddress(back));
    await page.getByText(back).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: button }).click();
    await page.waitForURL(/^http:\/\/localhost:\d+\/done/);
    const told = new URL(page.url()).searchParams;
    assert.equal(told.get('state'), 's=1&t');
    assert.ok(told.get(member), page.url());
    if (member === 'code') {
      const answer = await sandbox.token({ grant_type: 'authorization_code', code: told.get('code'),
        redirect_uri: back });
      assert.equal(answer.status, 200);
    } else {
      assert.equal(told.get('error'), 'access_denied');
    }
    expectQuiet(page);
  });
}

test('the control page switches a fault while a client runs', async () => {
  const sandbox = await Sandbox.start();
  const client = await Client.make(sandbox);
  const page = await openPage();
  await page.goto(sandbox.url + '/consumerportal/control');
  await page.getByText('Nobody has asked anything yet').waitFor();
  await page.getByText('Updates by itself.').waitFor();
  await expectAccessible(page);
  const login = await client.login();
  await page.getByText('authorization_pending').first().waitFor(); // without a reload
  await page.getByRole('button', { name: 'Switch on: 503 with an HTML page' }).click();
  await page.getByRole('button', { name: 'Switch off: 503 with an HTML page' }).waitFor();
  await sandbox.control('approve', { pin: login.pin });
  await page.getByText('fault: http_status').first().waitFor();
  await expectAccessible(page);
  assert.equal(login.process.exitCode, null); // it goes on trying
  await page.getByRole('button', { name: 'Switch off: 503 with an HTML page' }).click();
  await page.getByRole('button', { name: 'Switch on: 503 with an HTML page' }).waitFor();
  assert.equal(await login.ended, 0, login.out);
  expectQuiet(page);
});

test('the control page keeps the place of the keyboard', async () => {
  const sandbox = await Sandbox.start();
  const page = await openPage();
  await page.goto(sandbox.url + '/consumerportal/control');
  await page.getByRole('button', { name: 'Switch on: invalid_grant' }).focus();
  await sandbox.startPin();
  await page.getByText('/authorize').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Switch on: invalid_grant');
});

test('registering an application', async () => {
  const sandbox = await Sandbox.start('--any-redirect');
  const page = await openPage();
  const back = await application();
  await page.goto(sandbox.url + '/consumerportal/developer');
  await expectAccessible(page);
  await page.getByLabel('Name').fill('Heat <b>Pump</b> "Pro"');
  await page.getByLabel('Authorization code', { exact: true }).check();
  await page.getByLabel('Redirect addresses').fill('ftp://client.example/');
  await page.getByRole('button', { name: 'Register' }).click();
  assert.match(await page.getByRole('alert').innerText(), /https/);
  await expectAccessible(page);
  await page.getByLabel('Redirect addresses').fill(back);
  await page.getByRole('button', { name: 'Register' }).click();
  const key = await page.locator('.card.done code.secret').innerText();
  assert.match(key, /^[A-Za-z0-9]{32}$/);
  await expectAccessible(page);
  await signIn(page, sandbox, 'ann', authorizeAddress(back, { client_id: key }));
  await page.getByRole('heading', { name: 'Heat <b>Pump</b> "Pro"' }).waitFor();
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.waitForURL(/code=/);
  expectQuiet(page);
});

test('everything by keyboard, without script', async () => {
  const sandbox = await Sandbox.start();
  const pending = await sandbox.startPin();
  const page = await openPage({ javaScriptEnabled: false });
  await page.goto(sandbox.url);
  await page.locator('#name:focus').waitFor();
  await page.keyboard.type('ann');
  await page.keyboard.press('Tab');
  await page.locator('#password:focus').waitFor();
  await page.keyboard.type('correct horse');
  await page.keyboard.press('Enter');
  await page.getByText('No application has access').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').innerText(), 'Skip to the content');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').innerText(), 'Add application');
  await page.keyboard.press('Enter');
  await page.locator('#pin:focus').waitFor();
  await page.keyboard.type(pending.ecobeePin);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Authorize this application?' }).waitFor();
  await page.getByRole('button', { name: 'Authorize' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('heading', { name: 'Application authorized' }).waitFor();
  await page.goto(sandbox.url + '/consumerportal/control');
  await page.getByText('Reload the page to see new ones.').waitFor();
  await page.getByRole('button', { name: 'Once: slow_down' }).click();
  await page.getByText('for the next request').waitFor();
});

test('other pages of the browser cannot act on the portal', async () => {
  const sandbox = await Sandbox.start();
  const pending = await sandbox.startPin();
  const page = await openPage();
  await signIn(page, sandbox);
  const field = page.locator('input[name=csrf]').first();
  const token = await field.getAttribute('value');
  const evil = await page.context().newPage();
  // Another site, and another port of this machine; both even know the token.
  for (const origin of ['https://evil.example', 'http://localhost:1']) {
    await evil.route(origin + '/**', (route) => route.fulfill({ contentType: 'text/html', body: `<form method="post"
      action="${sandbox.url}/consumerportal/decide"><input name="csrf" value="${token}"><input name="pin"
      value="${pending.ecobeePin}"><input name="decision" value="authorize"><button>go</button></form>` }));
    await evil.goto(origin + '/');
    await evil.getByRole('button').click();
    await evil.getByText('foreign_').waitFor();
    const read = await evil.goto(origin + '/').then(() => evil.evaluate(async (url) => {
      try {
        return (await fetch(url + '/sandbox/state')).status;
      } catch {
        return 'refused';
      }
    }, sandbox.url));
    assert.equal(read, 'refused');
    // Not in a frame either.
    await evil.setContent(`<iframe src="${sandbox.url}/consumerportal/index.html"></iframe>`);
    await waitFor(async () => evil.frames().length > 1, 'the frame');
    await waitFor(async () => (await evil.frames()[1].title().catch(() => '')) !== 'loading', 'the frame to load');
    assert.equal(await evil.frames()[1].getByText('My Apps').count(), 0);
  }
  const answer = await sandbox.token({ grant_type: 'ecobeePin', code: pending.code });
  assert.equal((await answer.json()).error, 'authorization_pending');
  // Still signed in, and the real form still works.
  await enterPin(page, pending.ecobeePin);
  await page.getByRole('button', { name: 'Authorize' }).click();
  await page.getByRole('heading', { name: 'Application authorized' }).waitFor();
});
