rockspec_format = "3.0"
package = "ecoauth"
version = "0.1.0-1"
source = {url = "git+file://.", tag = "v0.1.0"}
description = {
  summary = "Keeps the right to talk to a user's ecobee thermostats",
  detailed = "PIN authorization, token storage shared safely between processes, refresh in time. For LuaJIT, over libecoauth.so.0.",
  license = "MIT",
  labels = {"oauth", "ecobee", "ffi", "luajit"},
}
supported_platforms = {"linux"}
dependencies = {"lua == 5.1"} -- LuaJIT, for its ffi
build = {
  type = "builtin",
  modules = {
    ["ecoauth"] = "src/ecoauth/init.lua",
    ["ecoauth.account"] = "src/ecoauth/account.lua",
    ["ecoauth.client"] = "src/ecoauth/client.lua",
    ["ecoauth.errors"] = "src/ecoauth/errors.lua",
    ["ecoauth.library"] = "src/ecoauth/library.lua",
    ["ecoauth.numbers"] = "src/ecoauth/numbers.lua",
    ["ecoauth.values"] = "src/ecoauth/values.lua",
  },
}
