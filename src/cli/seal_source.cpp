#include "cli/seal_source.hpp"

#include <unistd.h>

#include <cstdlib>

#include "cli/failure.hpp"

namespace ecoauth::cli {

namespace {

constexpr const char* how =
    "Use file:/path/to/key, credential:NAME, fd:NUMBER, or secret-service with or without :LABEL.";

/// What stands behind "<kind>:"; nothing when `text` is not of this kind or nothing stands there.
std::string behind(const char* kind, const std::string& text) {
  const std::string prefix = std::string(kind) + ":";
  return text.compare(0, prefix.size(), prefix) == 0 ? text.substr(prefix.size()) : "";
}

Failure no_key(std::string message, std::string advice) {
  Failure failure;
  failure.code = ECOAUTH_ERROR_STORE;
  failure.action = ECOAUTH_ACTION_FIX_STORAGE;
  failure.message = std::move(message);
  failure.advice = std::move(advice);
  return failure;
}

/// A credential is a file in the folder that systemd names to the service.
std::string credential_file(const std::string& name) {
  if (name.find('/') != std::string::npos || name == "." || name == "..")
    throw Failure::usage("\"" + name + "\" is not the name of a credential", how);
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || folder[0] != '/')
    throw no_key("the key's credential \"" + name + "\" is not there: CREDENTIALS_DIRECTORY is not set",
                 "Run this as a service of systemd with LoadCredentialEncrypted=" + name +
                     ":/path/to/its/file, or use "
                     "file:/path/to/key.");
  return std::string(folder) + "/" + name;
}

const char* bus_address() {
  const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
  return address != nullptr && address[0] != '\0' ? address : nullptr;
}

int number_of(const std::string& digits) {
  if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::atoi(digits.c_str());
}

}  // namespace

SealSource seal_source_of(const std::string& text) {
  SealSource source;
  if (text.empty() || text == "none") return source;
  if (const std::string path = behind("file", text); !path.empty()) {
    source.kind = SealSource::Kind::file;
    source.text = path.compare(0, 3, "///") == 0 ? path.substr(2) : path;  // the long form of a file URI
  } else if (const std::string name = behind("credential", text); !name.empty()) {
    source.kind = SealSource::Kind::file;
    source.text = credential_file(name);
  } else if (const std::string label = behind("secret-service", text); !label.empty() || text == "secret-service") {
    source.kind = SealSource::Kind::secret_service;
    source.text = label;
  } else {
    source.kind = SealSource::Kind::fd;
    source.fd = number_of(behind("fd", text));
    if (source.fd < 0) throw Failure::usage("the key's source \"" + text + "\" is not understood", how);
  }
  return source;
}

bool SealSource::can_be_read_again() const { return kind != Kind::fd || lseek(fd, 0, SEEK_CUR) >= 0; }

void seal(ecoauth_store* store, const SealSource& source) {
  int32_t result = ECOAUTH_OK;
  switch (source.kind) {
    case SealSource::Kind::none:
      return;
    case SealSource::Kind::file:
      result = ecoauth_store_seal_with_file(store, source.text.c_str());
      break;
    case SealSource::Kind::fd:
      result = ecoauth_store_seal_with_fd(store, source.fd);
      if (result == ECOAUTH_ERROR_INVALID_ARGUMENT)
        throw no_key("descriptor " + std::to_string(source.fd) + ", which the key is to be read from, is not open",
                     "Open it when calling: ecoauth ... --seal fd:3 3< /path/to/key");
      break;
    case SealSource::Kind::secret_service:
      result = ecoauth_store_seal_with_secret_service(store, source.text.empty() ? nullptr : source.text.c_str(),
                                                      bus_address());
      if (result == ECOAUTH_ERROR_UNSUPPORTED)
        throw no_key("this build of ecoauth cannot use a keyring", "Use file:, credential: or fd:.");
      break;
  }
  if (result < 0) throw Failure::usage("the key's source is not accepted", how);
}

}  // namespace ecoauth::cli
