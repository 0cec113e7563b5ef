// A story to be played again and again: calls of the control API at given times or before given requests.
//
//     # The server forgets everything, but clients must not.
//     on 2 token   fault name=drop_after_commit
//     at 3600      fault name=http_status status=503 for_s=600
//     at 9000      DELETE fault
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/endpoint.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

class Scenario {
 public:
  Scenario() = default;
  /// Reads a file and tries every step once in `trial`, which is spoilt by that. Throws std::runtime_error with the
  /// line that is wrong.
  static Scenario read(const std::string& path, World& trial, int64_t start_ms);

  /// When the next step by time is due.
  std::optional<int64_t> next_ms() const;
  void run_next(World& world);
  /// A request for this endpoint has come: the steps that were to be done before it.
  void run_before_request(World& world, Endpoint endpoint);

 private:
  struct Step {
    std::string line;  ///< "FILE:7"
    int64_t at_ms = -1;
    Endpoint endpoint = Endpoint::other;
    int64_t request = 0;
    std::string method, path, parameters;
  };
  static Step parse(const std::string& text, int64_t start_ms);
  /// The text says why it could not be done.
  static std::string run(const Step& step, World& world, int& status);
  static void run_and_warn(const Step& step, World& world);

  std::deque<Step> by_time_;
  std::vector<Step> by_request_;
  std::map<Endpoint, int64_t> requests_;
};

}  // namespace ecoauth::sandbox
