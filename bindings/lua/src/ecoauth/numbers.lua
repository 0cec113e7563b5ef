-- The numbers of the headers, by their names.
-- SPDX-License-Identifier: MIT
local numbers = {}

numbers.code = {
  OK = 0, ALREADY_DONE = 1, PENDING = 2, UNSAVED_BUT_USABLE = 3,
  INVALID_ARGUMENT = -1, WRONG_STATE = -2, NO_MEMORY = -3, INTERNAL = -4, CANCELLED = -5, TIMEOUT = -6, REENTRANT = -7, FORKED = -8,
  CLOSED = -9, UNSUPPORTED = -10, NOT_FOUND = -11, BUFFER_TOO_SMALL = -12,
  NEEDS_AUTHORIZATION = -100, PIN_EXPIRED = -101, DECLINED = -102, INVALID_CLIENT = -103, UNAUTHORIZED_CLIENT = -104, SCOPE = -105,
  REJECTED = -106, ACCOUNT_LOCKED = -107, ACCOUNT_DISABLED = -108, SERVER = -109, RATE_LIMITED = -110, REVOKED = -111,
  PROTOCOL = -112, NETWORK = -200, TLS = -201, CLOCK = -202,
  CALLBACK = -300, STORE = -301, STORE_PERMISSION = -302, STORE_LOCKED = -303, STORE_CORRUPT = -304, STORE_NEWER = -305,
  STORE_FOREIGN = -306, UNSAVED = -307,
}
numbers.action = {NONE = 0, WAIT = 1, RETRY = 2, REAUTHORIZE = 3, USER_ACTION = 4, FIX_CONFIG = 5, FIX_STORAGE = 6, BUG = 7}
numbers.event = {PIN = 1, PROGRESS = 2, STATE = 3, TOKEN = 4, COMPLETED = 5, LOG = 6, UNSAVED = 7, CLOSED = 8}
numbers.state = {NONE = 0, ACTIVE = 1, SUSPECT = 2, NEEDS_REAUTHORIZATION = 3, BLOCKED = 4}
numbers.flag = {AUTHORIZING = 1, REFRESHING = 2, AMBIGUOUS = 4, UNSAVED = 8, DEGRADED = 16, CLOCK_SUSPECT = 32}
numbers.log = {NONE = 0, ERROR = 1, WARNING = 2, INFO = 3, DEBUG = 4, TRACE = 5}
numbers.keep_fresh = {ON_DEMAND = 0, ALWAYS = 1}
numbers.role = {OWNER = 0, FOLLOWER = 1}
numbers.polling = {AUTO = 0, ON_DEMAND = 1}
numbers.parameter_style = {BODY = 0, QUERY = 1}
numbers.flow = {CODE = 1, CODE_PKCE = 2, UTILITY = 3}

local names = {}
for group, members in pairs(numbers) do
  names[group] = {}
  for name, number in pairs(members) do names[group][number] = name end
end

--- The name of a number, or `general` for one of a later library.
function numbers.name(group, number, general)
  return names[group][number] or general
end

return numbers
