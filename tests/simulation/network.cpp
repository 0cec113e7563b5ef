#include "network.hpp"

#include <utility>

#include "process.hpp"
#include "world.hpp"

namespace ecoauth::simulation {
namespace {

class Exchange final : public HttpExchange, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Process& process, HttpRequest request, HttpTransport::Hooks hooks)
      : process_(process), request_(std::move(request)), hooks_(std::move(hooks)) {}

  void begin();
  void proceed() override;
  void cancel() override { finish_later(0, failed(HttpFailure::cancelled)); }
  void finish_later(int64_t span_ms, HttpResult result);
  HttpResult failed(HttpFailure failure) const;

 private:
  void connected();
  void send();
  void finish(HttpResult result);

  Process& process_;
  HttpRequest request_;
  HttpTransport::Hooks hooks_;
  bool connected_ = false, may_proceed_ = false, sent_ = false, done_ = false;
  int number_ = -1;  // among the judge's requests
};

}  // namespace

struct Network::Sent {
  std::shared_ptr<Exchange> exchange;
  std::string target, body;
  int number = -1;
};

namespace {

void Exchange::begin() {
  Timeline& timeline = process_.world().timeline;
  auto self = shared_from_this();
  const bool down = process_.world().network.weather == Weather::unreachable;
  const int64_t connecting_ms = down ? timeline.between(5, request_.connect_timeout_ms) : timeline.between(20, 400);
  process_.later(connecting_ms, [self, down] {
    if (down || self->process_.world().network.weather == Weather::unreachable)
      self->finish(self->failed(HttpFailure::connect));
    else
      self->connected();
  });
  process_.later(request_.total_timeout_ms, [self] { self->finish(self->failed(HttpFailure::timeout)); });
}

HttpResult Exchange::failed(HttpFailure failure) const {
  HttpResult result;
  result.outcome = sent_ ? HttpOutcome::ambiguous : HttpOutcome::not_sent;
  result.failure = failure;
  return result;
}

void Exchange::connected() {
  if (done_) return;
  connected_ = true;
  process_.point();
  if (hooks_.on_ready)
    hooks_.on_ready();
  else
    may_proceed_ = true;
  if (may_proceed_) send();
}

void Exchange::proceed() {
  may_proceed_ = true;
  if (connected_) send();
}

void Exchange::send() {
  if (sent_ || done_) return;
  sent_ = true;
  auto on_its_way = std::make_shared<Network::Sent>();
  on_its_way->exchange = shared_from_this();
  on_its_way->target = std::string(request_.target.reveal());
  on_its_way->body = std::string(request_.body.reveal());
  on_its_way->number = number_ = process_.world().judge.request_sent(process_, on_its_way->body);
  process_.world().network.carry(std::move(on_its_way));
}

void Exchange::finish_later(int64_t span_ms, HttpResult result) {
  auto shared = std::make_shared<HttpResult>(std::move(result));
  process_.later(span_ms, [self = shared_from_this(), shared] { self->finish(std::move(*shared)); });
}

void Exchange::finish(HttpResult result) {
  if (done_) return;
  done_ = true;
  process_.point();
  if (number_ >= 0) process_.world().judge.answer_came(number_, result.body.reveal());
  process_.world().timeline.note("p", process_.number(), " request ", number_, " ends: outcome ",
                                 static_cast<int64_t>(result.outcome), " status ", result.status);
  hooks_.on_done(std::move(result));
}

HttpResult answered(int status, std::string_view body, const char* content_type) {
  HttpResult result;
  result.outcome = HttpOutcome::answered;
  result.status = status;
  result.body = Secret(body);
  result.content_type = content_type;
  return result;
}

}  // namespace

const char* name_of(Weather weather) {
  static const char* const names[weather_count] = {"fine",          "unreachable",   "silence",        "resets",
                                                   "HTML 502..525", "invalid_grant", "invalid_client", "throttling"};
  return names[static_cast<int>(weather)];
}

bool Network::api_accepts(std::string_view token) const {
  return !api_broken && world_.server.access_alive(token, world_.timeline.now_ms());
}

bool Network::api_was_broken() const {
  return api_broken || (api_broken_until_ms >= 0 && world_.timeline.now_ms() < api_broken_until_ms + hour_ms);
}

void Network::carry(std::shared_ptr<Sent> sent) {
  world_.timeline.after(world_.timeline.between(10, 250), [this, sent = std::move(sent)] { arrive(sent); });
}

void Network::send_copy(const Sent& sent) {
  // The library has sent it once; the network delivers it twice.
  world_.timeline.after(world_.timeline.between(500, 100 * second_ms),
                        [this, target = sent.target, body = sent.body, number = sent.number] {
                          const int copy = world_.judge.copy_arrives(number);
                          world_.timeline.note("copy ", copy, " of request ", number, " arrives");
                          auto answer = world_.server.handle(target, body, copy, world_.timeline.now_ms());
                          world_.judge.handled(copy, answer.refresh_token);
                        });
}

void Network::arrive(const std::shared_ptr<Sent>& sent) {
  Timeline& timeline = world_.timeline;
  Judge& judge = world_.judge;
  if (weather != Weather::fine) {
    answer_in_bad_weather(sent);
    return;
  }
  const bool token_request = sent->target[1] == 't';
  auto befalls = [&](double chance, const char* what) {
    if (!token_request || !timeline.chance(chance)) return false;
    ++judge.counts[what];
    timeline.note("request ", sent->number, ": ", what);
    judge.not_well();
    return true;
  };
  if (befalls(chances_.copy, "late copies of requests")) send_copy(*sent);
  if (befalls(chances_.request_lost, "requests lost")) return;
  const Server::Answer answer = world_.server.handle(sent->target, sent->body, sent->number, timeline.now_ms());
  timeline.note("request ", sent->number, " handled: ", answer.status);
  judge.handled(sent->number, answer.refresh_token);
  if (befalls(chances_.answer_lost, "answers lost")) return;
  int64_t travel_ms = timeline.between(20, 600);
  if (befalls(chances_.answer_late, "answers late")) travel_ms = timeline.between(5000, 40000);
  HttpResult result = answered(answer.status, answer.body, "application/json");
  if (befalls(chances_.answer_cut, "answers cut short")) {
    const auto kept = static_cast<size_t>(timeline.between(0, static_cast<int64_t>(answer.body.size()) - 1));
    result = answered(answer.status, answer.body.substr(0, kept), "application/json");
    result.outcome = HttpOutcome::ambiguous;
    result.failure = HttpFailure::truncated;
  }
  if (world_.host.asleep && timeline.chance(0.5)) return;  // nobody was there to acknowledge it
  sent->exchange->finish_later(travel_ms, std::move(result));
}

void Network::answer_in_bad_weather(const std::shared_ptr<Sent>& sent) {
  Timeline& timeline = world_.timeline;
  ++world_.judge.counts["requests into bad weather"];
  auto later = [&](HttpResult result) { sent->exchange->finish_later(timeline.between(20, 900), std::move(result)); };
  switch (weather) {
    case Weather::fine:
    case Weather::unreachable:  // since it was sent
    case Weather::silent:
    case Weather::resets:
    case Weather::html:
      // The request may have come through all the same, and only the answer not.
      if (timeline.chance(0.15)) {
        auto answer = world_.server.handle(sent->target, sent->body, sent->number, timeline.now_ms());
        timeline.note("request ", sent->number, " handled in bad weather: ", answer.status);
        world_.judge.handled(sent->number, answer.refresh_token);
      }
      if (weather == Weather::resets) later(sent->exchange->failed(HttpFailure::reset));
      if (weather == Weather::html)
        later(answered(static_cast<int>(timeline.between(502, 525)), "<html><body>Bad gateway</body></html>",
                       "text/html"));
      break;
    case Weather::invalid_grant:
      later(answered(400, "{\"error\": \"invalid_grant\"}", "application/json"));
      break;
    case Weather::invalid_client:
      later(answered(401, "{\"error\": \"invalid_client\"}", "application/json"));
      break;
    case Weather::throttled: {
      HttpResult result = answered(429, "{}", "application/json");
      if (timeline.chance(0.7)) result.retry_after = to_text(timeline.between(1, 600));
      later(std::move(result));
      break;
    }
  }
}

std::shared_ptr<HttpExchange> Transport::submit(HttpRequest request, Hooks hooks) {
  auto exchange = std::make_shared<Exchange>(process_, std::move(request), std::move(hooks));
  exchange->begin();
  return exchange;
}

}  // namespace ecoauth::simulation
