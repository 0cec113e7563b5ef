// What the golden files hold: every kind of record and of token file, with the bytes that they must have for ever.
#pragma once

#include <string>
#include <vector>

#include "base/seal_key.hpp"
#include "protocol/record.hpp"

namespace ecoauth {

struct GoldenFile {
  std::string name;
  std::string bytes;
};

/// Records that this version writes.
std::vector<GoldenFile> golden_records();
/// The same, sealed with golden_key() and a fixed nonce; each opens to the plain record of `plain`.
struct GoldenSealed {
  GoldenFile file;
  std::string plain;
};
std::vector<GoldenSealed> golden_sealed_records();
SealKey golden_key();
/// Records that it must not touch: of later versions, and damaged.
std::vector<GoldenFile> golden_foreign_records();
/// Whole token files. "life" holds the records of numbers 2 to 4 after four saves; the others are made from it.
std::vector<GoldenFile> golden_token_files();

/// The record of this name.
std::string golden_record(const std::string& name);

}  // namespace ecoauth
