#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <thread>

namespace ecoauth::test {
namespace {

Identity identity_of(const std::string& account) {
  return {account, Origin{"https", "api.ecobee.com", 443}.text(), fingerprint_of_client_id(Secret(client_id))};
}

}  // namespace

void Gate::open() {
  std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

void Gate::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return open_; });
}

World::World(ScriptedTransport::Answer answer, std::function<void(ClientSetup&)> change)
    : store(make_memory_store()), transport(std::make_shared<ScriptedTransport>(std::move(answer))) {
  ClientSetup setup;
  setup.config.client_id = Secret(client_id);
  setup.config.dispatch = Dispatch::poll;
  setup.config.shutdown_timeout_ms = 5000;
  setup.config.verification_url = "https://portal.example/";
  setup.transport = transport;
  setup.store = store;
  if (change) change(setup);
  store = setup.store;
  client = Client::make(std::move(setup));
}

World::~World() { client->close(); }

void World::seed_grant(int64_t left_ms, const std::string& account) {
  constexpr int64_t lifetime_ms = 3600 * 1000;
  const Clock& clock = system_clock();
  const int64_t age_ms = lifetime_ms - left_ms;
  Record record;
  record.seq = 1;
  record.identity = identity_of(account);
  record.client_id = Secret(client_id);
  record.scope_asked = "smartRead";
  Grant grant;
  grant.state = GrantState::active;
  grant.generation = 1;
  grant.access_token = Secret("at-old");
  grant.token_type = "Bearer";
  grant.scope = "openid,smartRead,offline_access";
  grant.lifetime_ms = lifetime_ms;
  grant.obtained = {clock.boot_ms() - age_ms, clock.wall_ms() - age_ms, clock.boot_id()};
  grant.advisory_permille = 990;
  grant.candidates.push_back(Secret("rt-old"));
  record.grant = std::move(grant);
  auto saved = store->save(store_key(record.identity), 0, encode_record(record), 1);
  BOOST_REQUIRE((saved.ok() && saved.value() == SaveOutcome::saved));
}

Record World::stored(const std::string& account) {
  auto bytes = store->load(store_key(identity_of(account)));
  BOOST_REQUIRE((bytes.ok() && bytes.value().has_value()));
  auto record = decode_record(bytes.value()->reveal());
  BOOST_REQUIRE(record.ok());
  return std::move(record.value());
}

Event World::next(int32_t kind) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    auto event = client->next_event(100);
    BOOST_REQUIRE(event.ok());
    if (event.value() && event.value()->kind == kind) return std::move(*event.value());
  }
  BOOST_FAIL("no event of kind " << kind);
  return {};
}

std::string token_of(const Outcome& outcome) {
  if (!outcome.token) return outcome.error ? "error: " + outcome.error->message : "nothing";
  return std::string(outcome.token->header.reveal());
}

Command get_token(int64_t min_valid_ms) {
  Command wanted = command(Command::Kind::get_token);
  wanted.min_valid_ms = min_valid_ms;
  return wanted;
}

Command command(Command::Kind kind) {
  Command made;
  made.kind = kind;
  return made;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

}  // namespace ecoauth::test
