// The model's server is the sandbox's: every script of a few steps, played by both.
#include "server.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "sandbox/refresh_policy.hpp"

using namespace ecoauth;
using model::Policy;
using model::Server;

namespace {

constexpr int64_t grace_ms = 30000;

std::string digest_of(uint8_t token) { return std::string(1, static_cast<char>('a' + token)); }

/// What sandbox/authorizations.cpp makes of a ruling.
uint8_t present(sandbox::RefreshFamily& family, uint8_t shown, sandbox::RefreshPolicy policy, int64_t now_ms) {
  switch (family.present(digest_of(shown), policy, grace_ms, 0, now_ms)) {
    case sandbox::Ruling::reuse:
      return shown;
    case sandbox::Ruling::rotate: {
      const auto token = static_cast<uint8_t>(family.tokens().size());
      family.add({digest_of(token), digest_of(shown), now_ms});
      return token;
    }
    case sandbox::Ruling::repeat:
      for (const auto& token : family.tokens())
        if (token.parent == digest_of(shown)) return static_cast<uint8_t>(token.digest[0] - 'a');
      return model::no_token;
    case sandbox::Ruling::end_all:
      family.kill_all();
      return model::no_token;
    default:
      return model::no_token;
  }
}

struct Script {
  Policy policy;
  size_t steps = 0;

  void play(const Server& server, const sandbox::RefreshFamily& family, int64_t now_ms, int left,
            const std::string& so_far) {
    if (left == 0) return;
    for (uint8_t shown = 0; shown < server.count; ++shown) {
      ++steps;
      Server one = server;
      sandbox::RefreshFamily other = family;
      const int mine = one.present(shown, policy);
      const int theirs = present(other, shown, static_cast<sandbox::RefreshPolicy>(policy), now_ms);
      BOOST_TEST(mine == theirs, model::name_of(policy) << " after " << so_far << digest_of(shown) << ": " << mine
                                                        << ", and the sandbox: " << theirs);
      play(one, other, now_ms, left - 1, so_far + digest_of(shown) + " ");
    }
    Server later = server;
    later.end_grace();
    play(later, family, now_ms + grace_ms, left - 1, so_far + "| ");
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_seven_policies_are_the_sandbox_s) {
  for (int i = 0; i < 7; ++i) {
    const auto policy = static_cast<Policy>(i);
    BOOST_TEST_REQUIRE(std::string(model::name_of(policy)) ==
                       sandbox::policy_name(static_cast<sandbox::RefreshPolicy>(policy)));
    sandbox::RefreshFamily family;
    family.add({digest_of(0), "", 0});
    Script script{policy};
    script.play(Server(), family, 0, 7, "");
    BOOST_TEST_MESSAGE(model::name_of(policy) << ": " << script.steps << " steps");
    BOOST_TEST(script.steps > 100u);
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_fears_theft) {
  for (Policy policy : {Policy::grace_theft, Policy::grace_last_theft, Policy::idempotent_theft}) {
    Server server;
    const uint8_t first = server.present(0, policy);
    BOOST_TEST(int(first) == 1);
    const uint8_t second = server.present(first, policy);
    BOOST_TEST(int(second) == 2);
    BOOST_TEST(int(server.present(0, policy)) == int(model::no_token));
    BOOST_TEST(int(server.present(second, policy)) == int(model::no_token));
  }
}
