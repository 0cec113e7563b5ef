'use strict';
// Clients and accounts. Operations are started and end as events; the loop reads a socket of the library, no thread waits.
const { EventEmitter } = require('node:events');
const net = require('node:net');
const { native } = require('./native.cjs');
const numbers = require('./numbers.cjs');
const { EcoauthError, makeError } = require('./errors.cjs');
const { Token, Response, makeStatus, events } = require('./values.cjs');
const { describeStore, endPromises } = require('./stores.cjs');

const { Code, EventKind } = numbers;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
// The library wakes us again when events are left.
const EVENTS_AT_ONCE = 64;

/** Headers as one text; a line feed in a part must not make another header of it. */
function headerLines(headers) {
  if (headers === undefined) return undefined;
  const pairs = typeof headers[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers);
  for (const part of pairs.flat()) if (/[\r\n]/.test(part)) throw new TypeError('a header holds a line feed');
  return pairs.map(([name, value]) => `${name}: ${value}\n`).join('');
}

const limit = (timeoutMs) => (timeoutMs === Infinity ? -1 : timeoutMs);

// Options that are names, and the numbers they stand for.
const named = { logLevel: numbers.LogLevel, keepFresh: numbers.KeepFresh, role: numbers.Role, polling: numbers.Polling,
  parameterStyle: numbers.ParameterStyle };
// The others, and what they are.
const plain = { clientId: 'string', scope: 'string', baseUrl: 'string', caFile: 'string', proxy: 'string', userAgent: 'string', tokenFormat: 'string',
  verificationUrl: 'string', requestTimeoutMs: 'number', connectTimeoutMs: 'number', shutdownTimeoutMs: 'number', advisoryWindow: 'object',
  mandatoryWindow: 'object' };

function nativeOptions(options) {
  const made = {};
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(named, name) && !Object.hasOwn(plain, name)) throw new TypeError(`there is no option ${name}`);
    if (value === undefined || value === null) continue;
    if (name in plain && typeof value !== plain[name]) throw new TypeError(`${name} is of type ${plain[name]}, not ${typeof value}`);
    made[name] = name in named ? numbers.numberOf(named[name], value, name) : value;
  }
  return made;
}

// Clients whose socket is open. They are kept until they are closed: a program need not hold a client whose events it waits for.
const open = new Set();
let exitHook = false;

/** The process ends, or this worker by itself: what runs is finished and saved. Stores that answer at once are still served. */
function endAll() {
  endPromises();
  for (const client of open) client._closeNow();
  while (open.size > 0) {
    native().serveStores(20);
    for (const client of open) client._drain();
  }
}

/** One application: client id, server, store. Emits pin, progress, state, token, log, unsaved, closed. */
class Client extends EventEmitter {
  #handle;
  #thing;
  #socket;
  #closing;
  #closed;
  #waiting = new Map();
  #keepsLoop = true;

  constructor({ store, seal, ...options }) {
    super({ captureRejections: true });
    const checked = nativeOptions(options);
    native();
    const { description, thing } = describeStore(store, seal);
    this.#thing = thing;
    this.#handle = native().newClient(checked, description);
  }

  /** A handle on the account `key`. Several handles on one key share everything. */
  account(key = 'default') {
    return new Account(this, native().openAccount(this.#handle, key));
  }

  /** The names of the accounts that the store has records of. */
  async accounts({ timeoutMs = 60000 } = {}) {
    this.#attach();
    return native().accounts(this.#handle, limit(timeoutMs));
  }

  /** Starts nothing new from now on, and waits until running exchanges have finished and everything is saved. */
  async quiesce({ timeoutMs = 8000 } = {}) {
    this.#attach();
    await native().quiesce(this.#handle, limit(timeoutMs));
  }

  /** Ends the client: running exchanges are finished and saved, what waits ends with an error. */
  close() {
    this.#closing ??= new Promise((resolve) => {
      this.#closed = resolve;
      if (this.#socket) {
        native().closeStart(this.#handle);
        this.#refresh();
      } else {
        this.#end(); // it has begun nothing
      }
    });
    return this.#closing;
  }

  get closed() {
    return this.#closing !== undefined;
  }

  /** Operations no longer keep the process from ending by itself. */
  unref() {
    this.#keepsLoop = false;
    this.#refresh();
    return this;
  }

  ref() {
    this.#keepsLoop = true;
    this.#refresh();
    return this;
  }

  // --- For accounts and the end of the process --------------------------------------------------------------------------------
  async _run(account, { signal, timeoutMs }, name, ...parameters) {
    signal?.throwIfAborted();
    this.#attach();
    const operation = native().start(account, name, ...parameters);
    let timer;
    let abort;
    const end = (reason) => {
      const waiter = this.#waiting.get(operation);
      if (!waiter || !this.#socket) return;
      waiter.reason ??= { reason };
      native().cancel(this.#handle, operation);
    };
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(operation, { resolve, reject });
        this.#refresh();
        if (timeoutMs <= LONGEST_TIMER_MS)
          timer = setTimeout(() => end(makeError({ number: Code.TIMEOUT, message: 'the time given to the call is over' })), Math.max(0, timeoutMs));
        if (signal) {
          abort = () => end(signal.reason);
          signal.addEventListener('abort', abort, { once: true });
        }
        if (!this.#keepsLoop) timer?.unref();
      });
    } catch (error) {
      if (error instanceof EcoauthError) Error.captureStackTrace(error, this._run); // where the program waits, not where the event came
      throw error;
    } finally {
      clearTimeout(timer);
      if (abort) signal.removeEventListener('abort', abort);
    }
  }

  _closeNow() {
    this.close().catch(() => {});
  }

  _drain() {
    for (let left = EVENTS_AT_ONCE; left > 0 && this.#socket; --left) {
      const event = native().nextEvent(this.#handle);
      if (event === undefined) return;
      if (event.kind === EventKind.COMPLETED) this.#completed(event);
      else if (event.kind === EventKind.CLOSED) this.#end();
      else if (event.kind in events) this.#tell(...events[event.kind].map((part) => (typeof part === 'function' ? part(this.#explained(event)) : part)));
    }
  }

  #attach() {
    if (this.#closing) throw makeError({ number: Code.CLOSED, message: 'the client has been closed' });
    if (this.#socket) return;
    this.#socket = new net.Socket({ fd: native().wakeupFd(this.#handle), readable: true, writable: false });
    this.#socket.on('data', () => this._drain()); // the byte says nothing more
    this.#socket.on('error', () => {});
    this.#refresh();
    open.add(this);
    if (!exitHook) process.on('exit', endAll);
    exitHook = true;
  }

  /** The socket keeps the loop alive while somebody waits for an event. */
  #refresh() {
    if (!this.#socket) return;
    if ((this.#waiting.size > 0 && this.#keepsLoop) || this.#closed) this.#socket.ref();
    else this.#socket.unref();
  }

  #end() {
    this.#socket?.destroy();
    this.#socket = undefined;
    open.delete(this);
    native().freeClient(this.#handle); // at once: CLOSED has come, or there was nothing
    for (const { reject } of this.#waiting.values()) reject(makeError({ number: Code.CLOSED, message: 'the client has been closed' }));
    this.#waiting.clear();
    this.#closing ??= Promise.resolve();
    this.#tell('closed');
    this.#closed?.();
  }

  /** With what a store of the program has thrown behind it. */
  #explained(event) {
    if (event.error?.code === 'CALLBACK' && this.#thing?.thrown !== undefined) event.error.cause = this.#thing.thrown;
    return event;
  }

  #completed(event) {
    const waiter = this.#waiting.get(event.operation);
    if (!waiter) return;
    this.#waiting.delete(event.operation);
    this.#refresh();
    if (event.result >= 0) waiter.resolve(event);
    else waiter.reject(waiter.reason && event.result === Code.CANCELLED ? waiter.reason.reason : this.#explained(event).error);
  }

  /** What a listener throws goes to `error`; without a listener for it, it is an uncaught exception, as everywhere in Node. */
  #tell(name, ...values) {
    try {
      this.emit(name, ...values);
    } catch (error) {
      process.nextTick(() => {
        if (this.listenerCount('error') === 0) throw error;
        this.emit('error', error);
      });
    }
  }
}

/** One user's grant under a name. */
class Account {
  #client;
  #handle;
  #ended = false;

  constructor(client, handle) {
    this.#client = client;
    this.#handle = handle;
  }

  /** Gets a PIN, shows it by the client's event `pin`, and ends when the user has approved it. */
  async authorizePin({ signal, timeoutMs } = {}) {
    await this.#run({ signal, timeoutMs }, 'authorizePin');
  }

  /** An access token valid for at least `minValidMs` more. */
  async token({ minValidMs = 0, signal, timeoutMs = 60000 } = {}) {
    const { token, result } = await this.#run({ signal, timeoutMs }, 'getToken', minValidMs);
    return new Token(token, result !== Code.UNSAVED_BUT_USABLE);
  }

  /** Refreshes now, whatever the token's age. */
  async refresh({ signal, timeoutMs = 60000 } = {}) {
    await this.#run({ signal, timeoutMs }, 'refresh');
  }

  /** An authorized API request; a refused token is refreshed and the request repeated once. */
  async request(method, target, { body, contentType, headers, maxResponseBytes = 0, signal, timeoutMs = 60000 } = {}) {
    const data = typeof body === 'string' ? Buffer.from(body) : body;
    if (data != null && !ArrayBuffer.isView(data)) throw new TypeError('body is a string, a Buffer or an Uint8Array');
    return new Response((await this.#run({ signal, timeoutMs }, 'request', method, target, data, contentType, headerLines(headers), maxResponseBytes)).response);
  }

  /** Forgets the grant, on disk too. False when there was none. */
  async signOut({ signal, timeoutMs = 60000 } = {}) {
    return (await this.#run({ signal, timeoutMs }, 'signOut')).result !== Code.ALREADY_DONE;
  }

  /** The status, once its revision differs from `seenRevision`; with 0 once the store has been read. */
  async waitForChange(seenRevision = 0, { signal, timeoutMs } = {}) {
    await this.#run({ signal, timeoutMs }, 'wait', seenRevision);
    return this.status();
  }

  /** The address to open in a browser; `flow` is CODE, CODE_PKCE or UTILITY. */
  async authorizeUrl(flow, redirectUri, { signal, timeoutMs = 60000 } = {}) {
    return (await this.#run({ signal, timeoutMs }, 'authorizeUrl', numbers.numberOf(numbers.Flow, flow, 'flow'), redirectUri)).text;
  }

  /** Takes the address to which the browser was sent back. */
  async completeRedirect(redirectedUrl, { signal, timeoutMs = 60000 } = {}) {
    await this.#run({ signal, timeoutMs }, 'completeRedirect', redirectedUrl);
  }

  /** Brings a refresh token from elsewhere under the library's care. */
  async importToken(refreshToken, { signal, timeoutMs = 60000 } = {}) {
    await this.#run({ signal, timeoutMs }, 'import', refreshToken);
  }

  // --- What never waits -------------------------------------------------------------------------------------------------------
  /** The access token in memory; null when there is none or it has expired: then call token(). */
  tokenInMemory() {
    return native().copyToken(this.#handle);
  }

  /** Counts token pairs, 0 without one. */
  get generation() {
    return native().generation(this.#handle);
  }

  /** The API refused the token of this generation. False when a newer one is there. Repeat the API call once. */
  reportRejected(generation) {
    return native().reportRejected(this.#handle, generation) !== Code.ALREADY_DONE;
  }

  /** The user says "done": polls as soon as the interval allows. */
  checkNow() {
    native().checkNow(this.#handle);
  }

  status() {
    return makeStatus(native().status(this.#handle));
  }

  /** The most recent failure; null after a success. */
  lastError() {
    return native().lastError(this.#handle);
  }

  /** Ends this object; the grant is not touched. */
  close() {
    if (!this.#ended) native().closeAccount(this.#handle);
    this.#ended = true;
  }

  #run(how, name, ...parameters) {
    return this.#client._run(this.#handle, how, name, ...parameters);
  }
}

// Node 18.18 and later know these symbols, newer ones the statement `await using` too.
if (Symbol.asyncDispose) Client.prototype[Symbol.asyncDispose] = function dispose() { return this.close(); };
if (Symbol.dispose) Account.prototype[Symbol.dispose] = function dispose() { this.close(); };

module.exports = { Client, Account };
