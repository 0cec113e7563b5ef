'use strict';
// Every number of the library's headers under its name there. A test reads the headers and compares.

const names = (numbers) => Object.freeze(numbers);

exports.Code = names({
  OK: 0, ALREADY_DONE: 1, PENDING: 2, UNSAVED_BUT_USABLE: 3,
  INVALID_ARGUMENT: -1, WRONG_STATE: -2, NO_MEMORY: -3, INTERNAL: -4, CANCELLED: -5, TIMEOUT: -6, REENTRANT: -7, FORKED: -8, CLOSED: -9,
  UNSUPPORTED: -10, NOT_FOUND: -11, BUFFER_TOO_SMALL: -12,
  NEEDS_AUTHORIZATION: -100, PIN_EXPIRED: -101, DECLINED: -102, INVALID_CLIENT: -103, UNAUTHORIZED_CLIENT: -104, SCOPE: -105,
  REJECTED: -106, ACCOUNT_LOCKED: -107, ACCOUNT_DISABLED: -108, SERVER: -109, RATE_LIMITED: -110, REVOKED: -111, PROTOCOL: -112,
  NETWORK: -200, TLS: -201, CLOCK: -202,
  CALLBACK: -300, STORE: -301, STORE_PERMISSION: -302, STORE_LOCKED: -303, STORE_CORRUPT: -304, STORE_NEWER: -305, STORE_FOREIGN: -306,
  UNSAVED: -307,
});
exports.Action = names({ NONE: 0, WAIT: 1, RETRY: 2, REAUTHORIZE: 3, USER_ACTION: 4, FIX_CONFIG: 5, FIX_STORAGE: 6, BUG: 7 });
exports.EventKind = names({ PIN: 1, PROGRESS: 2, STATE: 3, TOKEN: 4, COMPLETED: 5, LOG: 6, UNSAVED: 7, CLOSED: 8 });
exports.LogLevel = names({ NONE: 0, ERROR: 1, WARNING: 2, INFO: 3, DEBUG: 4, TRACE: 5 });
exports.GrantState = names({ NONE: 0, ACTIVE: 1, SUSPECT: 2, NEEDS_REAUTHORIZATION: 3, BLOCKED: 4 });
exports.Flag = names({ AUTHORIZING: 1, REFRESHING: 2, AMBIGUOUS: 4, UNSAVED: 8, DEGRADED: 16, CLOCK_SUSPECT: 32 });
exports.KeepFresh = names({ ON_DEMAND: 0, ALWAYS: 1 });
exports.Role = names({ OWNER: 0, FOLLOWER: 1 });
exports.Polling = names({ AUTO: 0, ON_DEMAND: 1 });
exports.ParameterStyle = names({ BODY: 0, QUERY: 1 });
exports.Flow = names({ CODE: 1, CODE_PKCE: 2, UTILITY: 3 });
exports.StoreResult = names({ OK: 0, NOT_FOUND: 1, CONFLICT: 2, RETRY: 3, FATAL: 4 });

/** The name of a number; `otherwise` for one of a later library. */
exports.nameOf = (numbers, number, otherwise) => Object.keys(numbers).find((name) => numbers[name] === number) ?? otherwise;

/** The number of a name that a program has given. */
exports.numberOf = (numbers, name, what) => {
  if (Object.hasOwn(numbers, name)) return numbers[name];
  throw new TypeError(`${what} is one of ${Object.keys(numbers).join(', ')}`);
};

/** The names of the bits that are set; bits of a later library by their value. */
exports.flagNames = (bits) => {
  const found = [];
  for (let bit = 1; bit > 0 && bit <= bits; bit <<= 1) if (bits & bit) found.push(exports.nameOf(exports.Flag, bit, `UNKNOWN_${bit}`));
  return Object.freeze(found);
};
