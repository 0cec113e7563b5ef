// Things that go wrong on purpose, each for a number of requests.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "sandbox/http_message.hpp"

namespace ecoauth::sandbox {

enum class Endpoint { authorize, token, api, portal, control, other };
const char* endpoint_name(Endpoint endpoint);

struct Fault {
  std::string name;
  std::optional<Endpoint> at;  ///< none: /authorize, /token and the thermostat API alike
  int64_t left = 1;            ///< -1: until it is deleted
  int64_t status = 0;
  int64_t delay_ms = 0;
  int64_t bytes = 0;
  std::string body;
  std::string error;
};

/// The same thing going wrong, however often.
bool same_kind(const Fault& a, const Fault& b);

class FaultBook {
 public:
  /// Reads the parameters of POST /sandbox/fault into `fault`; the text says what is wrong with them.
  static std::string parse(const Request& request, Fault& fault);
  /// Takes the parameters of POST /sandbox/fault; the text says what is wrong with them, empty when nothing is.
  std::string add(const Request& request);
  int clear();
  /// Deletes the faults of this kind.
  void remove(const Fault& kind);
  const std::deque<Fault>& all() const { return faults_; }
  /// The oldest fault that concerns this endpoint, its count taken down.
  std::optional<Fault> take(Endpoint endpoint);
  Json describe() const;

 private:
  std::deque<Fault> faults_;
};

/// The answer a fault gives instead of acting; none when the request is to be acted upon.
std::optional<Response> answer_of(const Fault& fault);
/// What the fault does to an answer that was given.
void distort(const Fault& fault, Response& response);

}  // namespace ecoauth::sandbox
