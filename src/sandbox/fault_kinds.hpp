// What can go wrong on purpose, in words: the one list that requests are checked against, that pages show and that the
// documentation is held to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/endpoint.hpp"
#include "sandbox/json.hpp"

namespace ecoauth::sandbox {

struct FaultParameter {
  const char* name;
  const char* words;
  int64_t low = 0, high = 0;        ///< of a number; both 0: a text
  std::vector<std::string> values;  ///< of a choice
  /// What it is when it is left out; "": nothing. Null: a choice is its first value, the others must be given.
  const char* preset = nullptr;
  bool is_number() const { return low != high; }
  /// Empty when `text` may be given, else what is wrong with it.
  std::string complaint(std::string_view text) const;
};

struct FaultKind {
  const char* name;
  const char* words;
  std::vector<Endpoint> at;  ///< where it can strike; several: at all of them unless one is named
  std::vector<FaultParameter> parameters;
};

const std::vector<FaultKind>& fault_kinds();
/// Null when there is none of this name.
const FaultKind* fault_kind(std::string_view name);
/// What every fault takes: where, when and how often.
const std::vector<FaultParameter>& common_fault_parameters();
Json describe_fault_kinds();

}  // namespace ecoauth::sandbox
