// Keys that a keyring keeps (the Secret Service of freedesktop.org): GNOME Keyring, KeePassXC, KWallet and others.
#pragma once

#include <memory>
#include <string>

#include "store/key_source.hpp"

namespace ecoauth {

extern const bool secret_service_is_built_in;

/// The keys under `label` in the default collection; the newest is the current one. When a current one is asked for and
/// there is none, one is made, which is the only place where keys come into being. Never asks a person: a locked
/// keyring is an error. Every call is over after 2 seconds. `address`: of the session's message bus; empty: where
/// systemd puts it. nullptr when this build cannot.
std::unique_ptr<KeySource> make_secret_service_keys(std::string label, std::string address);

}  // namespace ecoauth
