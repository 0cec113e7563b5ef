// Sealing and opening: what comes back, and that nothing else ever does.
#include <boost/test/unit_test.hpp>

#include "base/digest.hpp"
#include "base/seal_key.hpp"
#include "protocol/record.hpp"
#include "protocol/seal.hpp"

using namespace ecoauth;

namespace {

const std::string nonce = "nonce-of-12b";

SealKey key_of(const std::string& text) { return std::move(*SealKey::from(sha256(text))); }

std::string plain_record(const std::string& account = "default", int64_t seq = 5) {
  Record record;
  record.seq = seq;
  record.client_id = Secret("canary-client-id");
  record.identity = {account, "https://api.ecobee.com", fingerprint_of_client_id(record.client_id)};
  Grant& grant = record.grant.emplace();
  grant.state = GrantState::active;
  grant.generation = 2;
  grant.access_token = Secret("canary-access-token");
  grant.lifetime_ms = 3600000;
  grant.candidates.push_back(Secret("canary-refresh-token"));
  return std::string(encode_record(record).reveal());
}

std::string sealed(const std::string& plain, const SealKey& key) {
  auto result = seal_record(plain, key, nonce);
  BOOST_REQUIRE(result.ok());
  return std::string(result.value().reveal());
}

/// The plain record, or "!" and the name of the error.
std::string opened(const std::string& record, const SealKey& key) {
  auto result = open_record(record, key);
  return result ? std::string(result.value().reveal()) : std::string("!") + result_name(result.error().code);
}

std::string without_check(const std::string& record) { return record.substr(0, record.size() - 71); }

/// As somebody would change it who knows what a check line is.
std::string with_new_check(std::string text) {
  text += "check " + sha256_hex(text) + "\n";
  return text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  size_t at = text.find(from);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal)

BOOST_AUTO_TEST_CASE(what_is_sealed_comes_back_and_shows_nothing) {
  const SealKey key = key_of("one");
  const std::string plain = plain_record();
  const std::string record = sealed(plain, key);
  BOOST_TEST(record.size() == plain.size() + seal_overhead_bytes);
  BOOST_TEST(record.find("canary") == std::string::npos);
  BOOST_TEST(record.find("\nseal aes-256-gcm " + key.id() + "\n" + nonce) != std::string::npos);
  BOOST_TEST((opened(record, key) == plain));
  BOOST_TEST((decode_identity(record).value() == decode_identity(plain).value()));
  BOOST_TEST(seal_key_id_of(record).value() == key.id());
  BOOST_TEST(seal_key_id_of(plain).value() == "");
}

BOOST_AUTO_TEST_CASE(another_nonce_seals_to_other_bytes) {
  const SealKey key = key_of("one");
  auto first = seal_record(plain_record(), key, nonce), second = seal_record(plain_record(), key, "other nonce!");
  BOOST_TEST((first.value().reveal() != second.value().reveal()));
  BOOST_TEST((opened(std::string(second.value().reveal()), key) == plain_record()));
  BOOST_TEST(!seal_record(plain_record(), key, "short nonce").ok());
}

BOOST_AUTO_TEST_CASE(only_records_are_sealed_and_only_once) {
  const SealKey key = key_of("one");
  BOOST_TEST(seal_record("no record", key, nonce).error().code == ECOAUTH_ERROR_STORE_CORRUPT);
  BOOST_TEST(seal_record(sealed(plain_record(), key), key, nonce).error().code == ECOAUTH_ERROR_STORE_CORRUPT);
}

BOOST_AUTO_TEST_CASE(without_the_key_the_record_is_whole_but_closed) {
  const SealKey key = key_of("one");
  const std::string record = sealed(plain_record(), key);
  auto none = decode_record(record);
  BOOST_TEST(none.error().code == ECOAUTH_ERROR_STORE);
  BOOST_TEST(none.error().message.find(key.id()) != std::string::npos);
  BOOST_TEST(opened(record, key_of("two")) == "!STORE");
  // Also when somebody writes the name of the wrong key into it.
  const std::string renamed = with_new_check(replaced(without_check(record), key.id(), key_of("two").id()));
  BOOST_TEST(opened(renamed, key_of("two")) == "!STORE_CORRUPT");
}

BOOST_AUTO_TEST_CASE(every_flipped_byte_is_refused) {
  const SealKey key = key_of("one");
  const std::string whole = sealed(plain_record(), key);
  for (size_t at = 0; at < whole.size(); ++at) {
    for (char bit : {'\x01', '\x80'}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ bit);
      BOOST_TEST_REQUIRE(opened(changed, key)[0] == '!', "byte " << at);
      if (at >= whole.size() - 71) continue;
      // And with a check line that fits: now only the seal itself can tell.
      BOOST_TEST_REQUIRE(opened(with_new_check(without_check(changed)), key)[0] == '!', "byte " << at << ", checked");
    }
  }
}

BOOST_AUTO_TEST_CASE(every_cut_and_every_addition_is_refused) {
  const SealKey key = key_of("one");
  const std::string whole = sealed(plain_record(), key), text = without_check(whole);
  for (size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST_REQUIRE(opened(whole.substr(0, size), key) == "!STORE_CORRUPT", "size " << size);
  for (size_t size = 0; size < text.size(); ++size)
    BOOST_TEST_REQUIRE(opened(with_new_check(text.substr(0, size)), key) == "!STORE_CORRUPT", "size " << size);
  for (const char* more : {"x", "\n", "grant.state active\n"})
    BOOST_TEST(opened(with_new_check(text + more), key) == "!STORE_CORRUPT");
}

BOOST_AUTO_TEST_CASE(nothing_can_be_given_to_another_account) {
  const SealKey key = key_of("one");
  const std::string mine = sealed(plain_record("mine"), key), yours = sealed(plain_record("your"), key);
  const std::string renamed = with_new_check(replaced(without_check(mine), "account mine", "account your"));
  BOOST_TEST(opened(renamed, key) == "!STORE_CORRUPT");
  // The sealed part of the one behind the clear part of the other.
  auto border = [](const std::string& record) { return record.find('\n', record.find("\nseal ") + 1) + 1; };
  const std::string mixed = yours.substr(0, border(yours)) + without_check(mine).substr(border(mine));
  BOOST_TEST(opened(with_new_check(mixed), key) == "!STORE_CORRUPT");
}

BOOST_AUTO_TEST_CASE(the_clear_lines_cannot_be_edited) {
  const SealKey key = key_of("one");
  const std::string text = without_check(sealed(plain_record(), key));
  const std::pair<const char*, const char*> edits[] = {{"seq 5", "seq 6"},
                                                       {"kind commit", "kind intent"},
                                                       {"api.ecobee.com", "evil.example"},
                                                       {"origin ", "origin  "},
                                                       {"ecoauth-record 1", "ecoauth-record 01"}};
  for (const auto& [from, to] : edits)
    BOOST_TEST(opened(with_new_check(replaced(text, from, to)), key) == "!STORE_CORRUPT", to);
}

BOOST_AUTO_TEST_CASE(other_spellings_of_the_seal_are_of_later_versions) {
  const SealKey key = key_of("one");
  const std::string text = without_check(sealed(plain_record(), key)), line = "seal aes-256-gcm " + key.id();
  for (const char* other : {"seal aes-256-gcm", "seal aes-256-gcm 0123", "seal aes-256-gcm ABCDEF0123456789",
                            "seal aes-256-siv 0123456789abcdef", "seal"}) {
    const std::string record = with_new_check(replaced(text, line, other));
    BOOST_TEST(opened(record, key) == "!STORE_NEWER", other);
    BOOST_TEST(seal_key_id_of(record).error().code == ECOAUTH_ERROR_STORE_NEWER, other);
    BOOST_TEST(decode_record(record).error().code == ECOAUTH_ERROR_STORE_NEWER, other);
  }
}

BOOST_AUTO_TEST_CASE(a_key_is_32_bytes_and_not_all_the_same) {
  const std::string good = sha256("any");
  BOOST_TEST(SealKey::from(good)->id().size() == SealKey::id_digits);
  BOOST_TEST(SealKey::from(good)->id() != SealKey::from(sha256("other"))->id());
  BOOST_TEST(SealKey::from(good)->clone().id() == SealKey::from(good)->id());
  BOOST_TEST((SealKey::from(good)->bytes() == good));
  // Nobody can compute the id who knows only an ordinary digest of the key.
  BOOST_TEST(SealKey::from(good)->id() != sha256_hex(good).substr(0, SealKey::id_digits));
  for (const std::string& bad :
       {std::string(), good.substr(1), good + "x", std::string(32, '\0'), std::string(32, 'a')})
    BOOST_TEST(!SealKey::from(bad).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
