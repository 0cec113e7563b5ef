'use strict';
// What operations give. Secrets are behind getters of the prototype: neither console.log() nor JSON.stringify() shows them.
const { inspect } = require('node:util');
const { GrantState, LogLevel, nameOf, flagNames } = require('./numbers.cjs');

/** Its text forms show what `shown` gives. */
class Discreet {
  toJSON() {
    return this._shown();
  }

  [inspect.custom](depth, options) {
    return `${this.constructor.name} ${inspect(this._shown(), options)}`;
  }

  toString() {
    return inspect(this);
  }
}

/** An access token. Never print or log it. */
class Token extends Discreet {
  #plain;
  #saved;

  constructor(plain, saved) {
    super();
    this.#plain = plain;
    this.#saved = saved;
  }

  get accessToken() { return this.#plain.accessToken; }
  get authorizationHeader() { return this.#plain.authorizationHeader; }
  get generation() { return this.#plain.generation; }
  get validMs() { return this.#plain.validMs; }
  get scope() { return this.#plain.scope; }
  get saved() { return this.#saved; }

  _shown() {
    return { generation: this.generation, validMs: this.validMs, scope: this.scope, saved: this.saved };
  }
}

/** A PIN for a person's eyes. */
class Pin extends Discreet {
  #event;

  constructor(event) {
    super();
    this.#event = event;
  }

  get pin() { return this.#event.pin; }
  get verificationUrl() { return this.#event.verificationUrl; }
  get remainingMs() { return this.#event.remainingMs; }
  get scope() { return this.#event.text; }
  get account() { return this.#event.account; }

  _shown() {
    return { account: this.account, verificationUrl: this.verificationUrl, remainingMs: this.remainingMs, scope: this.scope };
  }
}

/** A token pair could not be saved; `record` is what the store would have got, a secret. */
class Unsaved extends Discreet {
  #event;

  constructor(event) {
    super();
    this.#event = event;
  }

  get account() { return this.#event.account; }
  get error() { return this.#event.error; }
  get record() { return this.#event.record; }

  _shown() {
    return { account: this.account, error: this.error };
  }
}

/** The API's answer. */
class Response {
  constructor({ httpStatus, apiStatus, contentType, body }) {
    Object.assign(this, { httpStatus, apiStatus: apiStatus < 0 ? null : apiStatus, contentType, body });
  }

  text() {
    return this.body.toString('utf8');
  }

  json() {
    return JSON.parse(this.text());
  }
}

const state = (number) => nameOf(GrantState, number, 'SUSPECT');
const since = (ms) => (ms < 0 ? null : ms);

/** What an account looked like at one moment. */
const makeStatus = (plain) => Object.freeze({ ...plain, state: state(plain.state), flags: flagNames(plain.flags), tokenAgeMs: since(plain.tokenAgeMs),
  nextTryMs: since(plain.nextTryMs), scopeSatisfied: plain.scopeSatisfied < 0 ? null : plain.scopeSatisfied === 1 });

/** The event of a client for each kind of the library: its name, and what listeners get. */
const events = {
  1: ['pin', (event) => new Pin(event)],
  2: ['progress', ({ account, remainingMs }) => ({ account, remainingMs })],
  3: ['state', ({ account, generation, error = null, ...event }) => ({ account, state: state(event.state), flags: flagNames(event.flags), generation, error })],
  4: ['token', ({ account, generation }) => ({ account, generation })],
  6: ['log', ({ level, text, dropped }) => ({ level: nameOf(LogLevel, level, 'TRACE'), text, dropped })],
  7: ['unsaved', (event) => new Unsaved(event)],
};

module.exports = { Token, Pin, Unsaved, Response, makeStatus, events };
