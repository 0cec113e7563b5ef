// The README's first example word for word, the programs of examples/, and where the package has its library from.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { spawnSync } from 'node:child_process';
import * as ecoauth from 'ecoauth';
import { CLIENT_ID, runNode, startSandbox, temporaryFolder } from './hosts.mjs';

const PACKAGE = path.resolve(process.cwd(), '..');
const README = [...fs.readFileSync(path.join(PACKAGE, 'README.md'), 'ascii').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
const EXAMPLES = { 'login.mjs': /^Enter \S{9} at \S+\n\{[^]*thermostatCount: 1/, 'own_store.cjs': /^Enter \S{9} at \S+\n\[ 'home' \]\n$/,
  'with_koffi.mjs': /^Enter \S{9} at \S+\nauthorized: OK\n$/ };

/** A folder of a program's own, with the package where npm puts it. */
async function program(t) {
  const folder = await temporaryFolder(t);
  const modules = path.join(folder, 'node_modules');
  fs.mkdirSync(modules);
  fs.symlinkSync(path.join(PACKAGE, 'node_modules/ecoauth'), path.join(modules, 'ecoauth'));
  if (process.env.ECOAUTH_NODE_TOOLS)
    for (const name of ['koffi', '@koromix']) fs.symlinkSync(path.join(process.env.ECOAUTH_NODE_TOOLS, name), path.join(modules, name));
  const sandbox = await startSandbox(t, '--auto-approve', '0');
  return { cwd: folder, env: { ECOAUTH_CLIENT_ID: CLIENT_ID, ECOAUTH_SERVER: sandbox.url,
    ...(process.env.ECOAUTH_NODE_INSIDE && { ECOAUTH_LIBRARY: '' }) } };
}

test('the first example of the README', async (t) => {
  assert.equal(README.length, 1);
  assert.match(await runNode(README[0], [], await program(t)), EXAMPLES['login.mjs']);
});

for (const name of fs.readdirSync(path.join(PACKAGE, 'examples')).sort()) {
  test(`examples/${name}`, async (t) => {
    assert.ok(name in EXAMPLES);
    const where = await program(t);
    if (name === 'with_koffi.mjs') where.env.ECOAUTH_LIBRARY = process.env.ECOAUTH_NODE_INSIDE ?? process.env.ECOAUTH_LIBRARY;
    const code = fs.readFileSync(path.join(PACKAGE, 'examples', name), 'ascii');
    const module = name.endsWith('.mjs');
    assert.match(await runNode(code, [], { ...where, module }), EXAMPLES[name]);
    if (name === 'login.mjs') assert.match(await runNode(code, [], { ...where, module }), /^\{/); // the second run asks for nothing
  });
}

test('where the library comes from', () => {
  const inside = process.env.ECOAUTH_NODE_INSIDE;
  if (inside) {
    assert.equal(fs.realpathSync(ecoauth.loadLibrary()), fs.realpathSync(inside));
    assert.equal(fs.realpathSync(ecoauth.runtimeInfo('openssl-file')), fs.realpathSync(inside)); // not Node's
    assert.equal(ecoauth.hasFeature('self-contained'), true);
  } else {
    assert.equal(ecoauth.loadLibrary(), process.env.ECOAUTH_LIBRARY);
  }
  const other = spawnSync(process.execPath, ['--eval', "require('ecoauth').libraryVersion()"], { env: { ...process.env, ECOAUTH_LIBRARY: '/no/such/file' }, encoding: 'utf8' });
  assert.notEqual(other.status, 0);
  assert.match(other.stderr, /the ecoauth library cannot be loaded: .*no\/such\/file/);
  const wrong = spawnSync(process.execPath, ['--eval', "require('ecoauth').libraryVersion()"], { env: { ...process.env, ECOAUTH_LIBRARY: 'libm.so.6' }, encoding: 'utf8' });
  assert.match(wrong.stderr, /libm\.so\.6 lacks ecoauth_version/);
});
