#include <ecoauth/event.h>
#include <ecoauth/status.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "client/brought_commands.hpp"
#include "world.hpp"

using namespace ecoauth;
using namespace ecoauth::test;

namespace {

const std::string pin_body =
    R"({"ecobeePin": "BCDF-GHJK", "code": "code-1", "scope": "openid,offline_access,smartRead", "expires_in": 900, "interval": 1})";
const std::string pending_body = R"({"error": "authorization_pending", "error_description": "Waiting for user."})";

bool is_refresh(const HttpRequest& request) {
  return request.body.reveal().find("grant_type=refresh_token") != std::string_view::npos;
}

HttpResult lost() {
  HttpResult result;
  result.outcome = HttpOutcome::ambiguous;
  result.failure = HttpFailure::reset;
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(account)

BOOST_AUTO_TEST_CASE(a_pin_authorization_from_nothing_to_a_token) {
  std::atomic<int> polls{0};
  World world([&](const HttpRequest& request) {
    if (request.method == "GET") return answer(200, pin_body);
    return ++polls < 2 ? answer(401, pending_body) : token_answer("at-1", "rt-1");
  });
  auto account = world.client->open("default");
  OperationId operation = 0;
  BOOST_TEST(!account->start(command(Command::Kind::authorize_pin), &operation));
  const Event shown = world.next(ECOAUTH_EVENT_PIN);
  BOOST_TEST(shown.pin.reveal() == "BCDF-GHJK");
  BOOST_TEST(shown.operation == operation);
  BOOST_TEST(shown.verification_url == "https://portal.example/");
  BOOST_TEST(shown.remaining_ms > 890000);
  // Saved before it was shown.
  BOOST_TEST(world.stored().pending->pin.reveal() == "BCDF-GHJK");
  BOOST_TEST(world.next(ECOAUTH_EVENT_PROGRESS).remaining_ms > 800000);
  const Event done = world.next(ECOAUTH_EVENT_COMPLETED);
  BOOST_TEST(done.operation == operation);
  BOOST_TEST(done.outcome.result == ECOAUTH_OK);
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-1");
  BOOST_TEST(!world.stored().pending.has_value());
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-1");
  char buffer[64];
  size_t needed = 0;
  int64_t generation = 0;
  BOOST_TEST((account->token_cell().copy(system_clock(), false, buffer, sizeof buffer, &needed, &generation) ==
              TokenCell::Copy::copied));
  BOOST_TEST(std::string(buffer) == "at-1");
  BOOST_TEST(needed == 5u);
  BOOST_TEST(generation == 1);
  const Status status = account->status();
  BOOST_TEST(status.grant_state == ECOAUTH_GRANT_ACTIVE);
  BOOST_TEST(status.scope_satisfied == 1);
  BOOST_TEST(status.flags == 0);
}

BOOST_AUTO_TEST_CASE(an_outage_while_a_pin_waits_is_told_and_so_is_its_end) {
  std::atomic<int> polls{0};
  World world([&](const HttpRequest& request) {
    if (request.method == "GET") return answer(200, pin_body);
    if (++polls == 1) return answer(503, "");
    return polls < 4 ? answer(401, pending_body) : token_answer("at-1", "rt-1");
  });
  auto account = world.client->open("default");
  OperationId operation = 0;
  BOOST_TEST(!account->start(command(Command::Kind::authorize_pin), &operation));
  Event state = world.next(ECOAUTH_EVENT_STATE);
  while (!state.outcome.error) state = world.next(ECOAUTH_EVENT_STATE);
  BOOST_TEST(state.outcome.error->code == ECOAUTH_ERROR_SERVER);
  BOOST_TEST(state.outcome.error->action == ECOAUTH_ACTION_WAIT);
  BOOST_TEST(state.outcome.error->http_status == 503);
  BOOST_TEST((state.flags & ECOAUTH_FLAG_AUTHORIZING) != 0);
  while (state.outcome.error) state = world.next(ECOAUTH_EVENT_STATE);
  BOOST_TEST(world.next(ECOAUTH_EVENT_COMPLETED).outcome.result == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(scopes_that_are_unknown_or_not_granted_are_logged) {
  World world([](const HttpRequest&) { return token_answer("at-new", "rt-new"); },
              [](ClientSetup& setup) {
                setup.config.scope = "smartRead,smartWrite,smartDream";
                setup.config.scope_given = true;
                setup.log_level = ECOAUTH_LOG_WARNING;
              });
  const Event unknown = world.next(ECOAUTH_EVENT_LOG);
  BOOST_TEST(unknown.log_level == ECOAUTH_LOG_WARNING);
  BOOST_TEST(unknown.text.find("smartDream") != std::string::npos);
  BOOST_TEST(unknown.text.find("smartRead") == std::string::npos);
  world.seed_grant(0);
  auto account = world.client->open("default");
  BOOST_TEST(account->run(get_token(), 5000).result == ECOAUTH_OK);
  BOOST_TEST(world.next(ECOAUTH_EVENT_LOG).text.find("lacks") != std::string::npos);
  BOOST_TEST(account->status().scope_satisfied == 0);
}

// Other processes refresh, sign out and log in; a program that only watches is told of it.
BOOST_AUTO_TEST_CASE(what_others_do_is_noticed_while_kept_fresh) {
  World world([](const HttpRequest&) { return token_answer("at-none", "rt-none"); },
              [](ClientSetup& setup) {
                setup.config.refresh.keep_fresh = KeepFresh::always;
                setup.config.refresh.look_again_ms = 20;
              });
  world.seed_grant(3000 * 1000);
  auto account = world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  Record record = world.stored();
  const std::string key = store_key(record.identity);
  const auto save = [&](Record changed) {
    const auto saved = world.store->save(key, record.seq, encode_record(changed), record.seq + 1);
    BOOST_REQUIRE((saved.ok() && saved.value() == SaveOutcome::saved));
    ++record.seq;
  };
  Record refreshed = record.clone();
  ++refreshed.seq;
  refreshed.grant->generation = 2;
  refreshed.grant->access_token = Secret("at-theirs");
  save(std::move(refreshed));
  Event token = world.next(ECOAUTH_EVENT_TOKEN);
  BOOST_TEST(token.generation == 2);
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-theirs");
  Record signed_out;
  signed_out.identity = record.identity;
  signed_out.seq = record.seq + 1;
  save(std::move(signed_out));
  while (world.next(ECOAUTH_EVENT_STATE).state != ECOAUTH_GRANT_NONE) continue;
  Record again = world.stored();
  again.grant = std::move(record.grant);
  ++again.seq;
  save(std::move(again));
  while (world.next(ECOAUTH_EVENT_STATE).state != ECOAUTH_GRANT_ACTIVE) continue;
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  BOOST_TEST(world.transport->count("") == 0u, "nothing was sent");
}

// What the server grants may shrink and grow with a refresh; the verdict follows it.
BOOST_AUTO_TEST_CASE(a_scope_that_shrinks_and_grows_at_refreshes) {
  std::atomic<int> refreshes{0};
  World world(
      [&](const HttpRequest&) {
        const std::string scope = ++refreshes == 1 ? "openid,smartRead" : "smartRead smartWrite offline_access";
        return answer(
            200, R"({"access_token": "at", "token_type": "Bearer", "expires_in": 500, "scope": ")" + scope + "\"}");
      },
      [](ClientSetup& setup) {
        setup.config.scope = "smartWrite";
        setup.config.scope_given = true;
      });
  world.seed_grant(0);
  auto account = world.client->open("default");
  for (int satisfied : {0, 1}) {
    BOOST_TEST(account->run(command(Command::Kind::refresh), 5000).result == ECOAUTH_OK);
    BOOST_TEST(account->status().scope_satisfied == satisfied);
    BOOST_TEST(world.transport->count("scope=") == 0u, "what was granted is never sent back");
  }
}

BOOST_AUTO_TEST_CASE(a_stored_token_is_served_without_a_request) {
  World world([](const HttpRequest&) { return lost(); });
  world.seed_grant(1800 * 1000);
  auto account = world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  BOOST_TEST(world.transport->sent().empty());
}

BOOST_AUTO_TEST_CASE(eight_threads_share_one_refresh) {
  World world([](const HttpRequest&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return token_answer("at-new", "rt-new");
  });
  world.seed_grant(0);
  auto account = world.client->open("default");
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { good += token_of(account->run(get_token(), 10000)) == "Bearer at-new"; });
  for (auto& thread : threads) thread.join();
  BOOST_TEST(good == 8);
  BOOST_TEST(world.transport->count("grant_type=refresh_token") == 1u);
  BOOST_TEST(world.stored().grant->generation == 2);
  BOOST_TEST(!world.stored().intent.has_value());
}

BOOST_AUTO_TEST_CASE(a_call_that_times_out_does_not_end_the_exchange) {
  Gate gate;
  World world([&](const HttpRequest&) {
    gate.wait();
    return token_answer("at-new", "rt-new");
  });
  world.seed_grant(0);
  auto account = world.client->open("default");
  const Outcome outcome = account->run(get_token(), 50);
  BOOST_TEST(outcome.result == ECOAUTH_ERROR_TIMEOUT);
  BOOST_TEST(eventually([&] { return !world.transport->sent().empty(); }));
  gate.open();
  BOOST_TEST(world.next(ECOAUTH_EVENT_TOKEN).generation == 2);
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-new");
}

BOOST_AUTO_TEST_CASE(cancel_ends_one_waiter_and_leaves_the_others) {
  Gate gate;
  World world([&](const HttpRequest&) {
    gate.wait();
    return token_answer("at-new", "rt-new");
  });
  world.seed_grant(0);
  auto account = world.client->open("default");
  OperationId first = 0, second = 0;
  BOOST_TEST(!account->start(get_token(), &first));
  BOOST_TEST(!account->start(get_token(), &second));
  BOOST_TEST(eventually([&] { return !world.transport->sent().empty(); }));
  BOOST_TEST(world.client->cancel(first));
  BOOST_TEST(!world.client->cancel(first));
  const Event cancelled = world.next(ECOAUTH_EVENT_COMPLETED);
  BOOST_TEST(cancelled.operation == first);
  BOOST_TEST(cancelled.outcome.result == ECOAUTH_ERROR_CANCELLED);
  gate.open();
  const Event done = world.next(ECOAUTH_EVENT_COMPLETED);
  BOOST_TEST(done.operation == second);
  BOOST_TEST(token_of(done.outcome) == "Bearer at-new");
}

BOOST_AUTO_TEST_CASE(an_api_request_refreshes_once_and_repeats_once) {
  World world([&](const HttpRequest& request) {
    if (is_refresh(request)) return token_answer("at-new", "rt-new");
    bool fresh = request.headers.front().second.reveal() == "Bearer at-new";
    return fresh ? answer(200, R"({"status": {"code": 0, "message": ""}})")
                 : answer(500, R"({"status": {"code": 14, "message": "Authentication token has expired."}})");
  });
  world.seed_grant(1800 * 1000);
  auto account = world.client->open("default");
  Command wanted = command(Command::Kind::request);
  wanted.method = "GET";
  wanted.target = Secret("/1/thermostat?json=%7B%7D");
  const Outcome outcome = account->run(std::move(wanted), 10000);
  BOOST_TEST(outcome.result == ECOAUTH_OK);
  BOOST_REQUIRE(outcome.response);
  BOOST_TEST(outcome.response->http_status == 200);
  BOOST_TEST(outcome.response->api_status == 0);
  BOOST_TEST(world.transport->count("/1/thermostat") == 2u);
  BOOST_TEST(world.transport->count("refresh_token") == 1u);
}

BOOST_AUTO_TEST_CASE(a_revoked_grant_is_said_and_kept) {
  World world([&](const HttpRequest&) {
    return answer(500, R"({"status": {"code": 16, "message": "Invalid token. Token has been deauthorized by user."}})");
  });
  world.seed_grant(1800 * 1000);
  auto account = world.client->open("default");
  Command wanted = command(Command::Kind::request);
  wanted.method = "GET";
  wanted.target = Secret("/1/thermostat");
  const Outcome outcome = account->run(std::move(wanted), 10000);
  BOOST_TEST(outcome.result == ECOAUTH_ERROR_REVOKED);
  BOOST_TEST(outcome.error->action == ECOAUTH_ACTION_REAUTHORIZE);
  BOOST_TEST(eventually([&] { return world.stored().grant->state == GrantState::needs_reauthorization; }));
  BOOST_TEST(world.stored().grant->candidates.front().reveal() == "rt-old");
}

BOOST_AUTO_TEST_CASE(sign_out_forgets_and_keeps_no_client_id) {
  World world([](const HttpRequest&) { return lost(); });
  world.seed_grant(1800 * 1000);
  auto account = world.client->open("default");
  BOOST_TEST(account->run(command(Command::Kind::sign_out), 5000).result == ECOAUTH_OK);
  BOOST_TEST(!world.stored().grant.has_value());
  BOOST_TEST(world.stored().client_id.empty());
  const Outcome outcome = account->run(get_token(), 5000);
  BOOST_TEST(outcome.result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION);
  BOOST_TEST(account->token_cell().generation() == 0);
}

BOOST_AUTO_TEST_CASE(without_a_client_id_the_record_brings_it) {
  World seeded([](const HttpRequest&) { return token_answer("at-new", "rt-new"); });
  seeded.seed_grant(0);
  World world([](const HttpRequest&) { return token_answer("at-new", "rt-new"); },
              [&](ClientSetup& setup) {
                setup.config.client_id = Secret();
                setup.store = seeded.store;
              });
  auto account = world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-new");
  BOOST_TEST(world.transport->count("client_id=" + client_id) == 1u);
  auto other = world.client->open("other");
  BOOST_TEST(other->run(command(Command::Kind::authorize_pin), 5000).result == ECOAUTH_ERROR_INVALID_ARGUMENT);
}

BOOST_AUTO_TEST_CASE(without_a_client_id_a_signing_out_and_logins_elsewhere_are_followed) {
  World seeded([](const HttpRequest&) { return token_answer("at-new", "rt-new"); });
  seeded.seed_grant(0);
  const auto same_store = [&](const std::string& id) {
    return [&seeded, id](ClientSetup& setup) {
      setup.config.client_id = Secret(id);
      setup.store = seeded.store;
    };
  };
  World world([](const HttpRequest&) { return token_answer("at-old", "rt-old"); }, same_store(""));
  World another([](const HttpRequest&) { return token_answer("at-newer", "rt-newer"); },
                same_store(std::string(32, 'z')));
  auto account = world.client->open("default");
  BOOST_TEST(token_of(account->run(get_token(), 5000)) == "Bearer at-old");
  for (const auto& [there, token] : {std::pair(&seeded, "Bearer at-new"), std::pair(&another, "Bearer at-newer")}) {
    BOOST_TEST(seeded.client->open("default")->run(command(Command::Kind::sign_out), 5000).result == ECOAUTH_OK);
    account->report_rejected(account->token_cell().generation());
    // (Within a millisecond the store is read once.)
    BOOST_TEST(eventually([&] { return account->run(get_token(), 5000).result == ECOAUTH_ERROR_NEEDS_AUTHORIZATION; }));
    BOOST_TEST(account->run(command(Command::Kind::sign_out), 5000).result == ECOAUTH_ALREADY_DONE);

    auto import = import_command("rt-from-elsewhere");
    BOOST_REQUIRE(import.ok());
    BOOST_TEST(there->client->open("default")->run(std::move(import.value()), 5000).result == ECOAUTH_OK);
    BOOST_TEST(eventually([&, wanted = token] { return token_of(account->run(get_token(), 5000)) == wanted; }));
  }
}

BOOST_AUTO_TEST_CASE(wait_tells_of_changes) {
  World world([](const HttpRequest&) { return token_answer("at-new", "rt-new"); });
  world.seed_grant(0);
  auto account = world.client->open("default");
  BOOST_TEST(account->run(command(Command::Kind::wait), 5000).result == ECOAUTH_OK);
  Command wait = command(Command::Kind::wait);
  wait.seen_revision = account->status().revision;
  BOOST_TEST(wait.seen_revision > 0);
  OperationId operation = 0;
  BOOST_TEST(!account->start(std::move(wait), &operation));
  BOOST_TEST(account->run(command(Command::Kind::refresh), 5000).result == ECOAUTH_OK);
  BOOST_TEST(world.next(ECOAUTH_EVENT_COMPLETED).operation == operation);
}

BOOST_AUTO_TEST_SUITE_END()
