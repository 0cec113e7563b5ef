// Short ways to use a store and to say what came of it.
#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>

#include "store/token_store.hpp"

namespace ecoauth {

inline const std::string home_key = "home-0123456789abcdef";

/// "none", the record, or "!" and the name of the error.
inline std::string loaded(TokenStore& store, const std::string& of = home_key) {
  auto result = store.load(of);
  if (!result) return std::string("!") + result_name(result.error().code);
  return result.value() ? std::string(result.value()->reveal()) : "none";
}

/// "saved", "conflict", or "!" and the name of the error.
inline std::string saved(TokenStore& store, int64_t expected_seq, const std::string& record, int64_t new_seq,
                         const std::string& under = home_key) {
  auto result = store.save(under, expected_seq, Secret(record), new_seq);
  if (!result) return std::string("!") + result_name(result.error().code);
  return result.value() == SaveOutcome::saved ? "saved" : "conflict";
}

/// "acquired", "busy", or "!" and the name of the error.
inline std::string locked(TokenStore& store, const std::string& of = home_key) {
  auto result = store.try_lock(of);
  if (!result) return std::string("!") + result_name(result.error().code);
  return result.value() == LockOutcome::acquired ? "acquired" : "busy";
}

/// "done", "newer", or "!" and the name of the error. What holds "stay" may stay.
inline std::string forgotten(TokenStore& store, int64_t seq, const std::string& of = home_key) {
  auto result = store.forget_older(of, seq, [](std::string_view record) { return record.find("stay") != record.npos; });
  if (!result) return std::string("!") + result_name(result.error().code);
  return result.value() ? "done" : "newer";
}

/// "yes", "no", or "!" and the name of the error. What holds "stay" may stay.
inline std::string keeps_older(TokenStore& store, const std::string& of = home_key) {
  auto result = store.keeps_older(of, [](std::string_view record) { return record.find("stay") != record.npos; });
  if (!result) return std::string("!") + result_name(result.error().code);
  return result.value() ? "yes" : "no";
}

/// "erased", "nothing", or "!" and the name of the error.
inline std::string erased(TokenStore& store, const std::string& of = home_key) {
  auto result = store.erase(of);
  if (!result) return std::string("!") + result_name(result.error().code);
  return result.value() ? "erased" : "nothing";
}

/// The keys, separated by blanks, or "!" and the name of the error.
inline std::string listed(TokenStore& store) {
  auto result = store.list();
  if (!result) return std::string("!") + result_name(result.error().code);
  std::string all;
  for (const std::string& one : result.value()) all += (all.empty() ? "" : " ") + one;
  return all;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace ecoauth
