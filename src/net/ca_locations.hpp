// Where distributions keep the certificates they trust.
#pragma once

#include <string>

namespace ecoauth {

struct CaLocation {
  std::string path;
  bool folder = false;  ///< of hash links: OpenSSL looks a certificate up when it needs it, nothing to load
};

/// The first place that exists: hashed folders, then bundles. Empty path when there is none. SSL_CERT_FILE and the like
/// are the host's, not ours.
CaLocation find_ca_location();
/// A path given by an option.
CaLocation ca_location_of(const std::string& path);
bool is_hashed_folder(const std::string& path);

}  // namespace ecoauth
