'use strict';
// Where tokens are kept: files, memory, or an object of the program's own. A library worker waits for what its methods give, now or by a
// Promise; the loop goes on.
const { native } = require('./native.cjs');
const { StoreResult } = require('./numbers.cjs');

/** Thrown by a store's method: failed for now, nothing was changed; the library tries again. */
class RetryLater extends Error {}
RetryLater.prototype.name = 'RetryLater';

/** A folder with one file per record, shared safely between processes of one machine. */
class FileStore {
  constructor(folder, { seal, allowNetwork = false } = {}) {
    this.folder = String(folder);
    this.seal = seal;
    this.allowNetwork = allowNetwork;
  }
}

/** Lasts as long as the client. */
class MemoryStore {}

// What the library holds, by the number that it was given; only its finalizer takes it out.
const kept = new Map();
// Answers that a Promise still owes.
const owed = new Set();
let last = 0;
let ending = false;

function keep(thing) {
  kept.set(++last, thing);
  return last;
}

const bytes = (value) => {
  if (!ArrayBuffer.isView(value)) throw new TypeError('a record or key is a Buffer or Uint8Array');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
};
const found = (value) => (value == null ? [StoreResult.NOT_FOUND] : [StoreResult.OK, bytes(value)]);
const done = (value) => [value === false ? StoreResult.CONFLICT : StoreResult.OK];

// How each method is called, and what its value means.
const methods = {
  load: [({ store }, key) => store.load(key), found],
  save: [({ store }, key, expectedSeq, newSeq, record) => store.save(key, expectedSeq, record, newSeq), done],
  erase: [({ store }, key) => store.erase(key), () => [StoreResult.OK]],
  list: [({ store }) => store.list(), (keys) => [StoreResult.OK, Buffer.from([...keys].join('\n'))]],
  lock: [({ store }, key, timeoutMs) => store.lock(key, timeoutMs), done],
  unlock: [({ store }, key) => store.unlock(key), () => [StoreResult.OK]],
  sealKey: [({ store }, keyId) => store(keyId), found],
};

/** Called by the addon for each call of the library. */
function serveStore(number, id, method, ...parameters) {
  if (method === 'gone') {
    kept.delete(id);
    return;
  }
  const thing = kept.get(id);
  const [call, meaning] = methods[method];
  const failed = (error) => {
    owed.delete(number);
    thing.thrown = error;
    native().answerStore(number, error instanceof RetryLater ? StoreResult.RETRY : StoreResult.FATAL);
  };
  const answer = (value) => {
    owed.delete(number);
    native().answerStore(number, ...meaning(value));
  };
  try {
    const value = call(thing, ...parameters);
    if (typeof value?.then !== 'function') {
      answer(value);
    } else if (ending) {
      native().answerStore(number, StoreResult.RETRY);
    } else {
      owed.add(number);
      value.then(answer).then(undefined, failed);
    }
  } catch (error) {
    failed(error);
  }
}

/** The process ends and the loop turns no more: Promises are not waited for. */
function endPromises() {
  ending = true;
  for (const number of owed) native().answerStore(number, StoreResult.RETRY);
  owed.clear();
}

const isFunction = (value) => typeof value === 'function';

function describeSeal(seal) {
  if (seal === undefined) return {};
  if (isFunction(seal.keys)) return { sealId: keep({ store: seal.keys }) };
  if (seal.file !== undefined) return { sealFile: String(seal.file) };
  if (seal.fd !== undefined) return { hasSealFd: 1, sealFd: seal.fd };
  if (seal.keyring !== undefined) return { keyring: 1, label: seal.keyring.label, bus: seal.keyring.busAddress };
  throw new TypeError('seal is { keys }, { file }, { fd } or { keyring }');
}

/** What the addon makes the library's store of, and what is kept for it. */
function describeStore(store, seal) {
  if (store instanceof FileStore)
    return { description: { folder: store.folder, allowNetwork: store.allowNetwork ? 1 : 0, ...describeSeal(seal ?? store.seal) } };
  if (store instanceof MemoryStore) return { description: describeSeal(seal) };
  if (!store || !isFunction(store.load) || !isFunction(store.save) || !isFunction(store.erase))
    throw new TypeError('store is a FileStore, a MemoryStore, or an object with load(), save() and erase()');
  if (isFunction(store.lock) !== isFunction(store.unlock)) throw new TypeError('a store has both lock() and unlock(), or neither');
  const thing = { store, thrown: undefined };
  const description = { lists: isFunction(store.list) ? 1 : 0, locks: isFunction(store.lock) ? 1 : 0, ...describeSeal(seal), id: keep(thing) };
  return { description, thing };
}

module.exports = { RetryLater, FileStore, MemoryStore, serveStore, describeStore, endPromises, keptCount: () => kept.size };
