#include "call.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <chrono>
#include <stdexcept>

#include "base/clock.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;

const std::string canary = "canary-7f3a9c51e0";

namespace ecoauth {

std::ostream& operator<<(std::ostream& out, HttpOutcome outcome) {
  static const char* const names[] = {"answered", "not_sent", "ambiguous"};
  return out << names[static_cast<int>(outcome)];
}

std::ostream& operator<<(std::ostream& out, HttpFailure failure) {
  static const char* const names[] = {"none", "cancelled",        "timeout", "resolve",   "connect",   "proxy",
                                      "tls",  "certificate_time", "reset",   "truncated", "too_large", "malformed"};
  return out << names[static_cast<int>(failure)];
}

}  // namespace ecoauth

HttpRequest post_to(const std::string& scheme, const std::string& host, uint16_t port) {
  HttpRequest request;
  request.method = "POST";
  request.origin = {scheme, host, port};
  request.target = Secret("/token?in_path=" + canary);
  request.headers.emplace_back("Authorization", Secret("Bearer " + canary));
  request.content_type = "application/x-www-form-urlencoded";
  request.body = Secret("grant_type=refresh_token&refresh_token=" + canary);
  return request;
}

HttpRequest post_to(const Peer& peer) { return post_to("http", "127.0.0.1", peer.port()); }

Call::Call(HttpTransport& transport, HttpRequest request, Hold hold) {
  HttpTransport::Hooks hooks;
  if (hold == Hold::until_proceed)
    hooks.on_ready = [state = state_] {
      std::lock_guard lock(state->mutex);
      ++state->ready;
      state->changed.notify_all();
    };
  hooks.on_done = [state = state_](HttpResult result) {
    std::lock_guard lock(state->mutex);
    state->ended_ms = monotonic_ms();
    state->result = std::move(result);
    ++state->done;
    state->changed.notify_all();
  };
  state_->begun_ms = monotonic_ms();
  exchange_ = transport.submit(std::move(request), std::move(hooks));
}

bool Call::wait_ready() const {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, std::chrono::seconds(20), [this] { return state_->ready || state_->done; });
  return state_->ready > 0;
}

const HttpResult& Call::result() const {
  std::unique_lock lock(state_->mutex);
  if (!state_->changed.wait_for(lock, std::chrono::seconds(30), [this] { return state_->done; }))
    throw std::runtime_error("the request never ended");
  return state_->result;
}

int64_t Call::took_ms() const {
  result();
  std::lock_guard lock(state_->mutex);
  return state_->ended_ms - state_->begun_ms;
}

int Call::done_count() const {
  std::lock_guard lock(state_->mutex);
  return state_->done;
}

int Call::ready_count() const {
  std::lock_guard lock(state_->mutex);
  return state_->ready;
}

TransportSettings trusting_settings() {
  static const TempFolder folder;
  static const std::string file = write_file(folder / "ca.pem", test_authority().pem());
  TransportSettings settings;
  settings.ca_file = file;
  return settings;
}

std::unique_ptr<HttpTransport> make_transport(TransportSettings settings) {
  return make_transport(std::move(settings), resolve_by_system);
}

std::unique_ptr<HttpTransport> make_transport(TransportSettings settings, ResolveFunction resolve) {
  auto checked = check_transport_settings(std::move(settings));
  if (!checked) throw std::runtime_error(checked.error().message);
  return make_poco_transport(std::move(checked.value()), system_clock(), Logger(), std::move(resolve));
}

Address loopback_address(uint16_t port, int family) {
  Address address;
  if (family == AF_INET6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    v6->sin6_addr = in6addr_loopback;
    address.size = sizeof *v6;
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.size = sizeof *v4;
  }
  return address;
}

Resolution everything_is_here(const std::string&, uint16_t port) {
  Resolution here;
  here.addresses.push_back(loopback_address(port));
  return here;
}

std::string in_time(const std::function<std::string()>& attempt) {
  std::string wrong;
  for (int i = 0; i < 3; ++i)
    if (wrong = attempt(); wrong.empty()) break;
  return wrong;
}

std::string ended_at(const Call& call, int64_t deadline_ms) {
  int64_t took_ms = call.took_ms();
  if (took_ms >= deadline_ms - 2 && took_ms <= deadline_ms + 250) return {};
  return "took " + std::to_string(took_ms) + " ms instead of " + std::to_string(deadline_ms);
}
