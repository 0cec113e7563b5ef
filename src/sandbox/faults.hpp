// Things that go wrong on purpose, each for a number of requests or for a while.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "sandbox/endpoint.hpp"
#include "sandbox/http_message.hpp"
#include "sandbox/sandbox_clock.hpp"

namespace ecoauth::sandbox {

struct Fault {
  std::string name;
  std::optional<Endpoint> at;  ///< none: wherever a fault of this name can strike
  std::string grant_type;      ///< empty: any
  int64_t left = 1;            ///< -1: until it is deleted
  int64_t skip = 0;
  int64_t after_s = 0;
  int64_t for_s = 0;  ///< 0: for ever
  int64_t from_ms = 0;
  int64_t until_ms = 0;                       ///< 0: for ever
  std::map<std::string, std::string> values;  ///< of its own parameters, defaults included

  bool strikes(Endpoint endpoint, const Request& request) const;
  bool has(const char* parameter) const { return values.count(parameter) > 0; }
  const std::string& text(const char* parameter) const { return values.at(parameter); }
  int64_t number(const char* parameter) const;
};

/// The same thing going wrong, however often.
bool same_kind(const Fault& a, const Fault& b);

class FaultBook {
 public:
  explicit FaultBook(const SandboxClock& clock) : clock_(clock) {}

  /// Reads the parameters of POST /sandbox/fault into `fault`; the text says what is wrong with them.
  static std::string parse(const Request& request, Fault& fault);
  /// Takes the parameters of POST /sandbox/fault; the text says what is wrong with them, empty when nothing is.
  std::string add(const Request& request);
  int clear();
  /// Deletes the faults of this kind.
  void remove(const Fault& kind);
  const std::deque<Fault>& all() const { return faults_; }
  /// The oldest fault that strikes this request, its count taken down.
  std::optional<Fault> take(Endpoint endpoint, const Request& request);
  Json describe() const;

 private:
  const SandboxClock& clock_;
  std::deque<Fault> faults_;
};

/// The answer a fault gives instead of acting; none when the request is to be acted upon.
std::optional<Response> answer_of(const Fault& fault, int64_t now_ms);
/// What the fault does to an answer that was given.
void distort(const Fault& fault, Response& response);

}  // namespace ecoauth::sandbox
