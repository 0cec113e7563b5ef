'use strict';
// One class per action, which is what a program can do.
const { Code, Action, nameOf } = require('./numbers.cjs');

/** A failed call, explained: `code` is the result's name ("PIN_EXPIRED"), `message` says what happened, `advice` what a person can do. */
class EcoauthError extends Error {
  constructor(message, { number = Code.INTERNAL, action = 'NONE', advice = '', retryAfterMs = 0, oauthError = '', oauthDescription = '',
    oauthUri = '', httpStatus = null, apiStatus = null, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, { code: nameOf(Code, number, 'UNKNOWN'), number, action, advice, retryAfterMs, oauthError, oauthDescription, oauthUri,
      httpStatus, apiStatus });
  }
}

const kind = (name) => {
  const made = { [name]: class extends EcoauthError {} }[name];
  Object.defineProperty(made.prototype, 'name', { value: name, configurable: true, writable: true });
  return made;
};
Object.defineProperty(EcoauthError.prototype, 'name', { value: 'EcoauthError', configurable: true, writable: true });

const WaitError = kind('WaitError');
const RetryError = kind('RetryError');
const ReauthorizeError = kind('ReauthorizeError');
const UserActionError = kind('UserActionError');
const ConfigError = kind('ConfigError');
const StorageError = kind('StorageError');
const DefectError = kind('DefectError');
// What the platform calls such things.
const AbortError = kind('AbortError');
const TimeoutError = kind('TimeoutError');
const ClosedError = kind('ClosedError');
const ForkedError = kind('ForkedError');

const byAction = { NONE: EcoauthError, WAIT: WaitError, RETRY: RetryError, REAUTHORIZE: ReauthorizeError, USER_ACTION: UserActionError,
  FIX_CONFIG: ConfigError, FIX_STORAGE: StorageError, BUG: DefectError };
const byCode = { CANCELLED: AbortError, TIMEOUT: TimeoutError, CLOSED: ClosedError, FORKED: ForkedError };
// Of errors that are made here and not in the library, as in <ecoauth/error.h>.
const actionsHere = { [Code.TIMEOUT]: Action.RETRY, [Code.CLOSED]: Action.FIX_CONFIG };

/** From the plain object that the addon makes; parts may be missing when memory was short. */
function makeError({ number, message, action = actionsHere[number] ?? Action.NONE, httpStatus = 0, apiStatus = -1, ...more }) {
  const code = nameOf(Code, number, 'UNKNOWN');
  const known = nameOf(Action, action, 'USER_ACTION');
  return new (byCode[code] ?? byAction[known])(message || `ecoauth: ${code}`, { ...more, number, action: known, httpStatus: httpStatus || null,
    apiStatus: apiStatus < 0 ? null : apiStatus });
}

module.exports = { EcoauthError, WaitError, RetryError, ReauthorizeError, UserActionError, ConfigError, StorageError, DefectError, AbortError,
  TimeoutError, ClosedError, ForkedError, byAction, byCode, makeError };
