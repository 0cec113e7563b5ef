// The way between the machine and the server, with what happens to requests and answers on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http_transport.hpp"

namespace ecoauth::simulation {

class Process;
class World;

/// What all requests meet at the moment.
enum class Weather {
  fine,
  unreachable,    ///< no connection
  silent,         ///< connections stand, answers never come
  resets,         ///< after the request
  html,           ///< a proxy answers 502 to 525
  invalid_grant,  ///< a front says so without asking the server
  invalid_client,
  throttled,
};
constexpr int weather_count = 8;
const char* name_of(Weather weather);

/// How often a single request meets with something, of one.
struct Chances {
  double request_lost = 0.003, answer_lost = 0.003, answer_late = 0.005, answer_cut = 0.003, copy = 0.003;
};

class Network {
 public:
  Network(World& world, Chances chances) : world_(world), chances_(chances) {}

  Weather weather = Weather::fine;
  Chances& chances() { return chances_; }
  bool api_broken = false;  ///< refuses every token
  int64_t api_broken_until_ms = -1;
  /// Within the last hour: tokens of then have been refused, though they live.
  bool api_was_broken() const;

  bool reaches_api() const { return weather == Weather::fine || weather >= Weather::invalid_grant; }
  bool api_accepts(std::string_view token) const;

  /// The request is on its way: what comes back, and when. Nothing when it never does.
  struct Sent;
  void carry(std::shared_ptr<Sent> sent);

 private:
  void arrive(const std::shared_ptr<Sent>& sent);
  void answer_in_bad_weather(const std::shared_ptr<Sent>& sent);
  void send_copy(const Sent& sent);

  World& world_;
  Chances chances_;
};

/// A process's end of it.
class Transport final : public HttpTransport {
 public:
  explicit Transport(Process& process) : process_(process) {}
  std::shared_ptr<HttpExchange> submit(HttpRequest request, Hooks hooks) override;
  bool shutdown(int64_t) override { return true; }

 private:
  Process& process_;
};

}  // namespace ecoauth::simulation
