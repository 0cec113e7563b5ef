-- ecoauth for LuaJIT: keeps the right to talk to a user's ecobee thermostats.
-- SPDX-License-Identifier: MIT
local ffi = require "ffi"
local Client = require "ecoauth.client"
local account = require "ecoauth.account"
local errors = require "ecoauth.errors"
local library = require "ecoauth.library"
local numbers = require "ecoauth.numbers"

local ecoauth = {
  client = Client.new,
  is_error = errors.is_error,
  load = library.load,
  numbers = numbers,
}

local function made(store, seal)
  if store == nil then error(errors.make(numbers.code.INVALID_ARGUMENT, "the store was refused"), 0) end
  local result = seal and seal(store) or 0
  if result < 0 then
    library.get "store_free" (store)
    error(errors.make(result, "the seal was refused"), 0)
  end
  return store
end

--- A folder with one file per record, shared safely between processes of one machine. `more.seal` encrypts records;
--- `more.allow_network` lets it refresh on a network file system, which only one machine may use then.
function ecoauth.file_store(folder, more)
  more = more or {}
  account.c_text(folder, "the folder")
  return {make = function()
    local store = made(library.get "store_new_file" (folder), more.seal)
    if more.allow_network then library.get "store_allow_network" (store) end
    return store
  end}
end

--- Lasts as long as the client. `more.seal` as for files.
function ecoauth.memory_store(more)
  return {make = function() return made(library.get "store_new_memory" (), more and more.seal) end}
end

--- Seals with keys of a file, lines of 64 hex digits; only its owner may read it.
function ecoauth.seal_file(path)
  account.c_text(path, "the path")
  return function(store) return library.get "store_seal_with_file" (store, path) end
end

--- Seals with keys that are read from a file descriptor, once.
function ecoauth.seal_descriptor(fd)
  return function(store) return library.get "store_seal_with_fd" (store, fd) end
end

--- Seals with a key that the user's keyring keeps (the Secret Service).
function ecoauth.seal_keyring(label, bus_address)
  return function(store) return library.get "store_seal_with_secret_service" (store, label, bus_address) end
end

function ecoauth.library_version() return ffi.string(library.get "version_string" ()) end
function ecoauth.has_feature(name) return library.get "has_feature" (name) == 1 end

--- What the library runs on, "poco" or "openssl" say; nil for an unknown name.
function ecoauth.runtime_info(what)
  local found = library.get "runtime_info" (what)
  return found ~= nil and ffi.string(found) or nil
end

return ecoauth
