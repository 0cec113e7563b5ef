// What clients sent, for tests to look at: names and numbers in clear, everything that could be a secret as a
// fingerprint.
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <string>

#include "sandbox/faults.hpp"
#include "sandbox/http_message.hpp"

namespace ecoauth::sandbox {

class RequestLog {
 public:
  /// From now on each entry is also written there, as a line of JSON, once it is complete.
  void also_to(std::ostream& lines) { lines_ = &lines; }
  /// `real_ms` is unscaled, for tests that look at the time between requests.
  int64_t begin(const Request& request, Endpoint endpoint, int64_t sandbox_ms, int64_t real_ms);
  void end(int64_t number, const Response& response, const std::string& outcome, const std::string& fault,
           int64_t real_ms);
  void clear() { entries_.clear(); }
  /// Entries with a number above `after`.
  Json describe(int64_t after) const;

  struct Entry {
    int64_t number;
    int64_t sandbox_ms;
    int64_t real_ms;
    int64_t answered_ms = -1;
    Endpoint endpoint;
    int connection;
    std::string method, path, user_agent, authorization, content_type;
    std::vector<std::pair<std::string, std::string>> query, form;
    int status = 0;
    std::string outcome, fault;
  };
  /// Oldest first.
  const std::deque<Entry>& entries() const { return entries_; }

 private:
  static Json as_json_entry(const Entry& entry);

  std::deque<Entry> entries_;
  int64_t last_ = 0;
  std::ostream* lines_ = nullptr;
};

}  // namespace ecoauth::sandbox
