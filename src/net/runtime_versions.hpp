// Which POCO and which OpenSSL are at work in this process, and from which files they came.
#pragma once

#include <string>

namespace ecoauth {

struct RuntimeVersions {
  std::string poco;       ///< "1.11.0"
  std::string poco_file;  ///< of the object that provides it; empty when the dynamic linker does not know
  std::string openssl;    ///< "OpenSSL 3.0.11 19 Sep 2023"
  std::string openssl_file;
};

/// Asks the dynamic linker; starts neither of the two.
RuntimeVersions find_runtime_versions();

}  // namespace ecoauth
