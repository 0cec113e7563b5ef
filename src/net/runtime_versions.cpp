#include "net/runtime_versions.hpp"

#include <Poco/Environment.h>
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include "base/text.hpp"

namespace ecoauth {
namespace {

template <typename Function>
std::string file_that_provides(Function* function) {
  Dl_info info{};
  // Our own calls go to the same place as this pointer, whatever the host has put before it.
  return dladdr(reinterpret_cast<void*>(function), &info) != 0 && info.dli_fname ? info.dli_fname : "";
}

}  // namespace

RuntimeVersions find_runtime_versions() {
  RuntimeVersions found;
  const int64_t poco = Poco::Environment::libraryVersion();  // 0xAABBCCDD, DD for alphas and betas
  found.poco = to_text(poco >> 24 & 0xff) + "." + to_text(poco >> 16 & 0xff) + "." + to_text(poco >> 8 & 0xff);
  found.poco_file = file_that_provides(&Poco::Environment::libraryVersion);
  found.openssl = OpenSSL_version(OPENSSL_VERSION);
  found.openssl_file = file_that_provides(&SSL_CTX_new);
  return found;
}

}  // namespace ecoauth
