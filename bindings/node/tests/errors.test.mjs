// Every number of the headers, read from the headers themselves, has its place in JavaScript.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as ecoauth from 'ecoauth';
import { scenario } from './hosts.mjs';

const require = createRequire(import.meta.url);
const inside = (name) => require(path.join(path.dirname(require.resolve('ecoauth')), `${name}.cjs`));
const { byAction, byCode, makeError } = inside('errors');
const { EventKind, StoreResult, flagNames } = inside('numbers');
const { events, makeStatus } = inside('values');
const { native } = inside('native');

const header = (name) => fs.readFileSync(path.join(process.env.ECOAUTH_HEADERS, 'ecoauth', name), 'ascii');
const numbers = (name, prefix) => Object.fromEntries([...header(name).matchAll(new RegExp(`^#define ${prefix}([A-Z_]+) \\(?(-?\\d+)\\)?$`, 'gm'))]
  .map(([, word, number]) => [word, Number(number)]));

scenario(['errors'], () => {
  const codes = numbers('error.h', 'ECOAUTH_ERROR_');
  assert.ok(Object.keys(codes).length >= 36);
  const successes = Object.fromEntries(Object.entries(numbers('error.h', 'ECOAUTH_')).filter(([name]) => !/^(ERROR|ACTION)_/.test(name)));
  assert.deepEqual({ ...ecoauth.Code }, { ...successes, ...codes });
  for (const [name, number] of Object.entries(ecoauth.Code)) assert.equal(native().name('result', number), name);
  const own = { CANCELLED: 'AbortError', TIMEOUT: 'TimeoutError', CLOSED: 'ClosedError', FORKED: 'ForkedError' };
  assert.deepEqual(Object.keys(byCode).sort(), Object.keys(own).sort());
  for (const [name, number] of Object.entries(codes))
    for (const [action, value] of Object.entries(ecoauth.Action)) {
      const error = makeError({ number, action: value, message: 'text', httpStatus: 0, apiStatus: -1 });
      assert.equal(error.constructor, byCode[name] ?? byAction[action]);
      assert.equal(error.name, own[name] ?? error.constructor.name);
      assert.ok(error instanceof ecoauth.EcoauthError && error instanceof Error);
      assert.deepEqual([error.code, error.number, error.action, error.message, error.httpStatus, error.apiStatus], [name, number, action, 'text', null, null]);
    }
}, 'every result code');

scenario(['errors'], () => {
  const actions = numbers('error.h', 'ECOAUTH_ACTION_');
  assert.deepEqual({ ...ecoauth.Action }, actions);
  assert.deepEqual(Object.keys(byAction), Object.keys(actions));
  assert.equal(new Set(Object.values(byAction)).size, Object.keys(actions).length);
  for (const [name, number] of Object.entries(actions)) assert.equal(native().name('action', number), name);
}, 'every action has a class of its own');

scenario(['errors'], () => {
  for (const [file, prefix, known] of [
    ['event.h', 'ECOAUTH_EVENT_', EventKind], ['event.h', 'ECOAUTH_LOG_', ecoauth.LogLevel], ['status.h', 'ECOAUTH_GRANT_', ecoauth.GrantState],
    ['status.h', 'ECOAUTH_FLAG_', ecoauth.Flag], ['options.h', 'ECOAUTH_KEEP_FRESH_', ecoauth.KeepFresh], ['options.h', 'ECOAUTH_ROLE_', ecoauth.Role],
    ['options.h', 'ECOAUTH_POLLING_', ecoauth.Polling], ['options.h', 'ECOAUTH_PARAMETERS_', ecoauth.ParameterStyle],
    ['account.h', 'ECOAUTH_FLOW_', ecoauth.Flow], ['store.h', 'ECOAUTH_STORE_', StoreResult]])
    assert.deepEqual({ ...known }, numbers(file, prefix), prefix);
  for (const [name, number] of Object.entries(ecoauth.GrantState)) assert.equal(native().name('state', number), name);
  // COMPLETED and CLOSED end a Promise; every other kind is an event of its name.
  const emitted = Object.fromEntries(Object.entries(EventKind).filter(([name]) => !['COMPLETED', 'CLOSED'].includes(name)));
  assert.deepEqual(Object.fromEntries(Object.entries(events).map(([number, [name]]) => [name.toUpperCase(), Number(number)])), emitted);
}, 'every kind, state, flag and level');

scenario(['errors'], () => {
  const error = makeError({ number: -9999, action: 99 });
  assert.deepEqual([error.name, error.code, error.number, error.action], ['UserActionError', 'UNKNOWN', -9999, 'USER_ACTION']);
  assert.deepEqual([makeError({ number: ecoauth.Code.TIMEOUT }).action, makeError({ number: ecoauth.Code.CLOSED }).action], ['RETRY', 'FIX_CONFIG']); // made here
  assert.deepEqual(flagNames(1 | 64), ['AUTHORIZING', 'UNKNOWN_64']);
  assert.equal(makeStatus({ state: 99, flags: 0, tokenAgeMs: -1, nextTryMs: -1, scopeSatisfied: -1 }).state, 'SUSPECT');
  assert.equal(events[3][1]({ state: 99, flags: 0 }).state, 'SUSPECT');
  assert.ok(!('99' in events)); // an unknown kind is ignored
}, 'numbers of a later library');

scenario(['errors'], () => {
  const declared = fs.readdirSync(path.join(process.env.ECOAUTH_HEADERS, 'ecoauth')).filter((name) => name.endsWith('.h'))
    .flatMap((name) => [...header(name).matchAll(/^ECOAUTH_EXPORT .*?(ecoauth_[a-z_]+)\(/gm)].map(([, word]) => word)).sort();
  assert.ok(declared.length > 100);
}, 'the headers are read');
