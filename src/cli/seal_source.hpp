// Where the key comes from that seals the tokens: what --seal says.
#pragma once

#include <ecoauth/store.h>

#include <string>

namespace ecoauth::cli {

struct SealSource {
  enum class Kind { none, file, fd, secret_service };
  Kind kind = Kind::none;
  std::string text;  ///< file: its path; secret_service: the label, empty for the usual one
  int fd = -1;

  /// Of a pipe the first session takes all.
  bool can_be_read_again() const;
};

/// Empty text, or "none": none. Throws Failure when it is not understood, or names a credential that this process does
/// not have.
SealSource seal_source_of(const std::string& text);

/// Throws Failure when the source cannot be used.
void seal(ecoauth_store* store, const SealSource& source);

}  // namespace ecoauth::cli
