// The stored record: whatever is written comes back, and nothing else is ever accepted.
#include "protocol/record.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

#include "base/digest.hpp"

using namespace ecoauth;

namespace {

using Bytes = std::string;

/// Whatever a peer, a host or a kernel may put into a text.
class RandomRecords {
 public:
  explicit RandomRecords(unsigned seed) : engine_(seed) {}

  int64_t below(int64_t limit) { return std::uniform_int_distribution<int64_t>(0, limit - 1)(engine_); }
  bool chance(int percent) { return below(100) < percent; }

  Bytes bytes() {
    static const std::vector<Bytes> odd = {
        "",        " ",         "%",    "%41",      "\n",        "a\nb", "\xc3\xa4", "\xff\xfe",    Bytes("a\0b", 3),
        "check x", "\xc3\xa4%", "\x7f", " leading", "trailing ", "a  b", "\r\n",     "\xed\xa0\x80"};
    if (chance(30)) return odd[static_cast<size_t>(below(static_cast<int64_t>(odd.size())))];
    Bytes text;
    bool wild = chance(20);
    for (int64_t left = below(60); left > 0; --left)
      text += wild ? static_cast<char>(below(256)) : "abcXYZ019-_.~+/= "[below(17)];
    return text;
  }
  Secret secret() { return Secret(bytes()); }
  int64_t number() {
    if (chance(10)) return INT64_MAX;
    if (chance(10)) return INT64_MIN;
    return below(2000000000000) - 1000;
  }
  Moment moment() { return {number(), number(), chance(20) ? "" : bytes()}; }

  Record record() {
    Record r;
    r.seq = chance(10) ? INT64_MAX : below(1000000);
    r.identity = {bytes(), bytes(), bytes()};
    r.client_id = secret();
    r.scope_asked = bytes();
    if (chance(70)) {
      Grant& g = r.grant.emplace();
      g.state = static_cast<GrantState>(below(5));
      g.reason = bytes();
      g.generation = number();
      g.access_token = secret();
      g.token_type = bytes();
      g.scope = bytes();
      g.lifetime_ms = number();
      g.obtained = moment();
      g.advisory_permille = static_cast<int32_t>(below(1000));
      for (int64_t i = below(4); i > 0; --i) g.candidates.push_back(secret());
      g.identical_refreshes = static_cast<int32_t>(below(9)) - 1;
      for (int64_t i = below(9); i > 0; --i) g.refusals.push_back({moment(), number()});
      for (int64_t i = below(7); i > 0; --i) g.refreshes.push_back(moment());
    }
    if (chance(40)) r.intent = Intent{number(), moment()};
    if (chance(50)) {
      Pending& p = r.pending.emplace();
      p.flow = bytes();
      p.scope = bytes();
      p.started = moment();
      p.lifetime_ms = number();
      p.interval_ms = number();
      p.pin = secret();
      p.code = secret();
      p.state = secret();
      p.verifier = secret();
      p.redirect_uri = bytes();
    }
    if (chance(30)) r.unknown_lines = {"later.field some value", "later.flag", "grant.later 5%25"};
    return r;
  }

 private:
  std::mt19937 engine_;
};

void check_same(const Moment& a, const Moment& b) {
  BOOST_TEST(a.boot_ms == b.boot_ms);
  BOOST_TEST(a.wall_ms == b.wall_ms);
  BOOST_TEST(a.boot_id == b.boot_id);
}

void check_same(const Record& a, const Record& b) {
  BOOST_TEST(a.seq == b.seq);
  BOOST_TEST((a.identity == b.identity));
  BOOST_TEST(a.client_id.equals(b.client_id));
  BOOST_TEST(a.scope_asked == b.scope_asked);
  BOOST_TEST_REQUIRE(a.grant.has_value() == b.grant.has_value());
  if (a.grant) {
    const Grant &x = *a.grant, &y = *b.grant;
    BOOST_TEST((x.state == y.state));
    BOOST_TEST(x.reason == y.reason);
    BOOST_TEST(x.generation == y.generation);
    BOOST_TEST(x.access_token.equals(y.access_token));
    BOOST_TEST(x.token_type == y.token_type);
    BOOST_TEST(x.scope == y.scope);
    BOOST_TEST(x.lifetime_ms == y.lifetime_ms);
    check_same(x.obtained, y.obtained);
    BOOST_TEST(x.advisory_permille == y.advisory_permille);
    BOOST_TEST(x.identical_refreshes == y.identical_refreshes);
    BOOST_TEST_REQUIRE(x.candidates.size() == y.candidates.size());
    for (size_t i = 0; i < x.candidates.size(); ++i) BOOST_TEST(x.candidates[i].equals(y.candidates[i]));
    BOOST_TEST_REQUIRE(x.refreshes.size() == y.refreshes.size());
    for (size_t i = 0; i < x.refreshes.size(); ++i) check_same(x.refreshes[i], y.refreshes[i]);
    BOOST_TEST_REQUIRE(x.refusals.size() == y.refusals.size());
    for (size_t i = 0; i < x.refusals.size(); ++i) {
      check_same(x.refusals[i].at, y.refusals[i].at);
      BOOST_TEST(x.refusals[i].connection == y.refusals[i].connection);
    }
  }
  BOOST_TEST_REQUIRE(a.intent.has_value() == b.intent.has_value());
  if (a.intent) {
    BOOST_TEST(a.intent->generation == b.intent->generation);
    check_same(a.intent->at, b.intent->at);
  }
  BOOST_TEST_REQUIRE(a.pending.has_value() == b.pending.has_value());
  if (a.pending) {
    const Pending &x = *a.pending, &y = *b.pending;
    BOOST_TEST(x.flow == y.flow);
    BOOST_TEST(x.scope == y.scope);
    check_same(x.started, y.started);
    BOOST_TEST(x.lifetime_ms == y.lifetime_ms);
    BOOST_TEST(x.interval_ms == y.interval_ms);
    BOOST_TEST(x.pin.equals(y.pin));
    BOOST_TEST(x.code.equals(y.code));
    BOOST_TEST(x.state.equals(y.state));
    BOOST_TEST(x.verifier.equals(y.verifier));
    BOOST_TEST(x.redirect_uri == y.redirect_uri);
  }
  BOOST_TEST(a.unknown_lines == b.unknown_lines);
}

/// The lines with a check line that holds: what a writer with other ideas would have stored.
Bytes with_check(const Bytes& lines) { return lines + "check " + sha256_hex(lines) + "\n"; }

const Bytes clear_part =
    "ecoauth-record 1\nseq 7\nkind commit\naccount default\norigin https://api.ecobee.com\n"
    "client-id-fingerprint 0123456789abcdef\nseal none\n";
const Bytes grant_part =
    "grant.state active\ngrant.generation 3\ngrant.lifetime-ms 3600000\ngrant.obtained 5000 1700000000000 boot-1\n"
    "grant.advisory-permille 780\ngrant.identical-refreshes 0\n";
const Bytes minimal = clear_part + "client-id key\n";

int32_t code_of(const Bytes& bytes) {
  auto result = decode_record(bytes);
  return result ? ECOAUTH_OK : result.error().code;
}

Record example() {
  Record r;
  r.seq = 12;
  r.identity = {
      "K\xc3\xbc"
      "che",
      "https://api.ecobee.com", "0123456789abcdef"};
  r.client_id = Secret("abcdefghijklmnopqrstuvwxyz012345");
  r.scope_asked = "smartWrite";
  Grant& g = r.grant.emplace();
  g.state = GrantState::active;
  g.generation = 4;
  g.access_token = Secret(Bytes(600, 'A'));
  g.candidates.emplace_back("refresh-new");
  g.candidates.emplace_back("refresh-old");
  g.candidates.emplace_back("refresh-oldest");
  g.refusals.push_back({{1, 2, "b"}, 9});
  g.refreshes.push_back({3, 4, "b"});
  r.pending.emplace().flow = "pin";
  r.pending->pin = Secret("ab12");
  r.unknown_lines = {"later.field x"};
  return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(random_records_come_back) {
  RandomRecords random(20240611);
  for (int i = 0; i < 3000; ++i) {
    Record before = random.record();
    Secret bytes = encode_record(before);
    auto after = decode_record(bytes.reveal());
    BOOST_TEST_REQUIRE(after.ok(), after.error().message);
    check_same(before, after.value());
    BOOST_TEST(encode_record(after.value()).equals(bytes));
    check_same(before, before.clone());
    auto identity = decode_identity(bytes.reveal());
    BOOST_TEST_REQUIRE(identity.ok());
    BOOST_TEST((identity.value() == before.identity));
  }
}

BOOST_AUTO_TEST_CASE(no_flipped_bit_and_no_cut_is_accepted) {
  Bytes good(encode_record(example()).reveal());
  BOOST_TEST_REQUIRE(code_of(good) == ECOAUTH_OK);
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      int32_t code = code_of(bad);
      // The one bit that turns "1" into a later version may say so; both answers leave the record alone.
      bool version_digit = i == 15;
      BOOST_TEST((code == ECOAUTH_ERROR_STORE_CORRUPT || (version_digit && code == ECOAUTH_ERROR_STORE_NEWER)),
                 "bit " << bit << " of byte " << i << " gives " << code);
      BOOST_TEST(!decode_identity(bad).ok());
    }
    BOOST_TEST(code_of(good.substr(0, i)) == ECOAUTH_ERROR_STORE_CORRUPT);
    BOOST_TEST(code_of(good.substr(i + 1)) == ECOAUTH_ERROR_STORE_CORRUPT);
  }
  BOOST_TEST(code_of(good + "\n") == ECOAUTH_ERROR_STORE_CORRUPT);
  BOOST_TEST(code_of(good + good) == ECOAUTH_ERROR_STORE_CORRUPT);
  BOOST_TEST(code_of(good + Bytes(1, '\0')) == ECOAUTH_ERROR_STORE_CORRUPT);
  BOOST_TEST(code_of("") == ECOAUTH_ERROR_STORE_CORRUPT);
}

BOOST_AUTO_TEST_CASE(noise_never_throws_and_is_never_accepted) {
  std::mt19937 engine(7);
  Bytes good(encode_record(example()).reveal());
  for (int i = 0; i < 20000; ++i) {
    Bytes noise = i % 2 ? good : Bytes(engine() % 300, 'x');
    for (unsigned k = 0; k <= engine() % 20 && !noise.empty(); ++k)
      noise[engine() % noise.size()] = static_cast<char>(engine());
    if (noise == good) continue;
    BOOST_TEST(code_of(noise) != ECOAUTH_OK);
    // The same noise with a check that holds reaches the parser behind it.
    size_t body = noise.size() > 71 ? noise.size() - 71 : noise.size();
    auto result = decode_record(with_check(noise.substr(0, body)));
    if (result) BOOST_TEST(decode_record(encode_record(result.value()).reveal()).ok());
  }
}

BOOST_AUTO_TEST_CASE(the_smallest_record) {
  auto result = decode_record(with_check(minimal));
  BOOST_TEST_REQUIRE(result.ok());
  BOOST_TEST(result.value().seq == 7);
  BOOST_TEST(result.value().client_id.reveal() == "key");
  BOOST_TEST(!result.value().grant.has_value());
  BOOST_TEST(!result.value().intent.has_value());
  BOOST_TEST(!result.value().pending.has_value());
  BOOST_TEST(encode_record(result.value()).reveal() == with_check(minimal));
}

BOOST_AUTO_TEST_CASE(damage_behind_a_good_check_is_named) {
  struct Case {
    Bytes lines;
    const char* what;
  };
  Bytes intent = "intent.generation 3\nintent.at 1 2 b\n";
  Bytes pending = "pending.flow pin\npending.started 1 2 b\npending.lifetime-ms 1\npending.interval-ms 1\n";
  const std::vector<Case> cases = {
      {clear_part, "\"client-id\" is missing"},
      {minimal + "client-id key\n", "\"client-id\" is there twice"},
      {minimal + "scope-asked a\nscope-asked a\n", "\"scope-asked\" is there twice"},
      {minimal + grant_part + "grant.state active\n", "\"grant.state\" is there twice"},
      {minimal + "seq 7\n", "\"seq\" is malformed or out of place"},
      {minimal + "check abc\n", "\"check\" is malformed or out of place"},
      {minimal + "seal none\n", "\"seal\" is malformed or out of place"},
      {minimal + "grant.candidate x\n", "\"grant.state\" is missing"},
      {minimal + "grant.state active\n", "\"grant.generation\" is missing"},
      {minimal + grant_part + "grant.refusal 1\n", "\"grant.refusal\""},
      {minimal + grant_part + "grant.refusal 1 2\n", "\"grant.refusal\""},
      {minimal + grant_part + "grant.refusal 1 2 x b\n", "\"grant.refusal\""},
      {minimal + grant_part + "grant.refresh 1\n", "\"grant.refresh\""},
      {minimal + "intent.generation 1\n", "\"intent.at\" is missing"},
      {minimal + "intent.at 1 2\n", "\"intent.generation\" is missing"},
      {minimal + intent + "intent.at 1 2\n", "\"intent.at\" is there twice"},
      {minimal + "pending.pin x\n", "\"pending.flow\" is missing"},
      {minimal + pending + "pending.pin x\npending.pin x\n", "\"pending.pin\" is there twice"},
      {minimal + "scope-asked %zz\n", "\"scope-asked\" is malformed"},
      {minimal + "scope-asked %4\n", "\"scope-asked\" is malformed"},
      {minimal + "scope-asked %41\n", "\"scope-asked\" is malformed"},
      {minimal + "scope-asked %0a\n", "\"scope-asked\" is malformed"},
      {minimal + "scope-asked %C3%A4\n", "\"scope-asked\" is malformed"},
      {minimal + "scope-asked \xff\n", "\"scope-asked\" is malformed"},
      {minimal + "scope-asked a\tb\n", "\"scope-asked\" is malformed"},
      {minimal + "scope-asked \n", "a line is malformed"},
      {minimal + "Later x\n", "a line is malformed"},
      {minimal + "later a\x01\n", "a line is malformed"},
      {minimal + "\n", "a line is malformed"},
      {minimal + " x\n", "a line is malformed"},
      {"ecoauth-record 1\nkind commit\n", "\"seq\" is missing"},
      {"ecoauth-record 1\nseq -1\nkind commit\naccount a\norigin o\nclient-id-fingerprint f\nseal none\nclient-id k\n",
       "sequence number"},
      {"ecoauth-record 1\nseq 01\nkind commit\naccount a\norigin o\nclient-id-fingerprint f\nseal none\nclient-id k\n",
       "sequence number"},
      {"ecoauth-record 1\nseq 1\nkind commit\naccount a\norigin o\nclient-id-fingerprint f\nclient-id k\nseal none\n",
       "\"seal\" is missing"},
      {"ecoauth-record 0\n" + minimal.substr(17), "format version"},
      {"ecoauth-record 1x\n" + minimal.substr(17), "format version"},
      {"ecoauth-recorD 1\n" + minimal.substr(17), "begin"},
  };
  for (const Case& c : cases) {
    auto result = decode_record(with_check(c.lines));
    BOOST_TEST_REQUIRE(!result.ok(), "accepted: " << c.lines);
    BOOST_TEST(result.error().code == ECOAUTH_ERROR_STORE_CORRUPT, c.what);
    BOOST_TEST(result.error().message.find(c.what) != Bytes::npos, result.error().message << " / wanted " << c.what);
    BOOST_TEST(!result.error().advice.empty());
  }
  // The parts those cases are built from are good.
  BOOST_TEST(code_of(with_check(minimal + grant_part + intent + pending)) == ECOAUTH_OK);
}

BOOST_AUTO_TEST_CASE(bad_numbers_are_damage) {
  const char* bad[] = {
      "",    "x", "1x", "+1", "007", "-0", "--1", "1.5", "1e3", "9223372036854775808", "-9223372036854775809",
      "0x1", "1 "};
  const char* fields[] = {"grant.generation 3", "grant.lifetime-ms 3600000", "grant.advisory-permille 780",
                          "grant.identical-refreshes 0"};
  for (const char* field : fields) {
    Bytes name = Bytes(field).substr(0, Bytes(field).find(' '));
    for (const char* number : bad) {
      Bytes lines = minimal + grant_part;
      lines.replace(lines.find(field), Bytes(field).size(), name + " " + number);
      BOOST_TEST(code_of(with_check(lines)) == ECOAUTH_ERROR_STORE_CORRUPT, name << " " << number);
    }
  }
  Bytes lines = minimal + grant_part;
  lines.replace(lines.find("permille 780"), 12, "permille 2147483648");
  BOOST_TEST(code_of(with_check(lines)) == ECOAUTH_ERROR_STORE_CORRUPT);
}

BOOST_AUTO_TEST_CASE(later_versions_are_told_from_damage) {
  BOOST_TEST(code_of(with_check("ecoauth-record 2\nanything\n")) == ECOAUTH_ERROR_STORE_NEWER);
  BOOST_TEST(code_of("ecoauth-record 12\n\x01\x02 no check line of ours") == ECOAUTH_ERROR_STORE_NEWER);

  Bytes sealed = clear_part;
  sealed.replace(sealed.find("seal none"), 9, "seal aes-256-gcm");
  sealed += Bytes("\x00\xff\n\nsealed bytes\n", 17);
  auto result = decode_record(with_check(sealed));
  BOOST_TEST_REQUIRE(!result.ok());
  BOOST_TEST(result.error().code == ECOAUTH_ERROR_STORE_NEWER);
  BOOST_TEST(result.error().message.find("aes-256-gcm") != Bytes::npos);
  auto identity = decode_identity(with_check(sealed));
  BOOST_TEST_REQUIRE(identity.ok());
  BOOST_TEST(identity.value().account == "default");
  BOOST_TEST(identity.value().origin == "https://api.ecobee.com");
  BOOST_TEST(identity.value().client_fingerprint == "0123456789abcdef");

  Bytes state = minimal + grant_part;
  state.replace(state.find("active"), 6, "dormant");
  BOOST_TEST(code_of(with_check(state)) == ECOAUTH_ERROR_STORE_NEWER);
}

BOOST_AUTO_TEST_CASE(unknown_fields_survive_a_rewrite) {
  Bytes lines = minimal + "later.first one\n" + grant_part + "grant.later %25 x\nlater.empty\n";
  auto result = decode_record(with_check(lines));
  BOOST_TEST_REQUIRE(result.ok());
  std::vector<Bytes> wanted = {"later.first one", "grant.later %25 x", "later.empty"};
  BOOST_TEST(result.value().unknown_lines == wanted);
  result.value().seq = 8;
  Secret again = encode_record(result.value());
  BOOST_TEST(again.reveal().find("\nlater.first one\ngrant.later %25 x\nlater.empty\ncheck ") != Bytes::npos);
  BOOST_TEST((decode_record(again.reveal()).value().unknown_lines == wanted));
}

BOOST_AUTO_TEST_CASE(what_would_break_a_record_is_not_kept_as_unknown) {
  Record r = example();
  r.unknown_lines = {"later a\nclient-id other", "client-id other", "check x", "", "ok yes"};
  auto result = decode_record(encode_record(r).reveal());
  BOOST_TEST_REQUIRE(result.ok());
  BOOST_TEST(result.value().unknown_lines == std::vector<Bytes>{"ok yes"});
}

BOOST_AUTO_TEST_CASE(the_kind_is_there_for_readers) {
  auto kind = [](const Record& r) {
    Secret bytes = encode_record(r);
    size_t at = bytes.reveal().find("\nkind ") + 6;
    return Bytes(bytes.reveal().substr(at, bytes.reveal().find('\n', at) - at));
  };
  Record r = example();
  BOOST_TEST(kind(r) == "commit");
  r.grant->state = GrantState::needs_reauthorization;
  BOOST_TEST(kind(r) == "tombstone");
  r.intent = Intent{r.grant->generation, {}};
  BOOST_TEST(kind(r) == "intent");
  ++r.grant->generation;  // the attempt has been made good since
  BOOST_TEST(kind(r) == "tombstone");
  r = Record();
  BOOST_TEST(kind(r) == "commit");
}

BOOST_AUTO_TEST_CASE(the_access_token_goes_first_for_want_of_room) {
  Record r = example();
  size_t whole = encode_record(r).size();
  Secret bytes = encode_record_within(r, whole);
  BOOST_TEST(bytes.equals(encode_record(r)));

  size_t last_size = whole;
  bool reached_the_core = false;
  for (size_t limit = whole - 1; limit > 0; --limit) {
    bytes = encode_record_within(r, limit);
    BOOST_TEST_REQUIRE(bytes.size() <= limit);
    if (bytes.empty()) break;
    auto kept = decode_record(bytes.reveal());
    BOOST_TEST_REQUIRE(kept.ok());
    BOOST_TEST(kept.value().grant->access_token.empty());
    BOOST_TEST(kept.value().grant->candidates.at(0).reveal() == "refresh-new");
    BOOST_TEST((kept.value().identity == r.identity));
    if (last_size == whole) BOOST_TEST(kept.value().pending.has_value());
    if (last_size == whole) BOOST_TEST(kept.value().grant->candidates.size() == 3U);
    reached_the_core = kept.value().grant->candidates.size() == 1;
    last_size = bytes.size();
  }
  BOOST_TEST(reached_the_core);
  BOOST_TEST(encode_record_within(r, 0).empty());
}

BOOST_AUTO_TEST_CASE(an_access_token_that_is_all_there_is_stays) {
  Record r = example();
  r.grant->candidates.clear();  // a utility account
  r.intent.reset();
  bool reached_the_core = false;
  for (size_t limit = encode_record(r).size(); limit > 0; --limit) {
    const Secret bytes = encode_record_within(r, limit);
    if (bytes.empty()) break;
    auto kept = decode_record(bytes.reveal());
    BOOST_TEST_REQUIRE(kept.ok());
    BOOST_TEST(kept.value().grant->access_token.reveal() == r.grant->access_token.reveal());
    reached_the_core = !kept.value().pending.has_value();
  }
  BOOST_TEST(reached_the_core);
}

BOOST_AUTO_TEST_CASE(the_exact_bytes) {
  Record r = example();
  r.grant->access_token = Secret("at");
  r.grant->refusals[0].at.boot_id = "";
  r.unknown_lines.clear();
  BOOST_TEST(encode_record(r).reveal() ==
             with_check("ecoauth-record 1\nseq 12\nkind commit\naccount K\xc3\xbc"
                        "che\norigin https://api.ecobee.com\nclient-id-fingerprint 0123456789abcdef\nseal none\n"
                        "client-id abcdefghijklmnopqrstuvwxyz012345\nscope-asked smartWrite\ngrant.state active\n"
                        "grant.generation 4\ngrant.access-token at\ngrant.lifetime-ms 0\ngrant.obtained 0 0\n"
                        "grant.advisory-permille 0\ngrant.identical-refreshes 0\ngrant.candidate refresh-new\n"
                        "grant.candidate refresh-old\ngrant.candidate refresh-oldest\ngrant.refusal 9 1 2\n"
                        "grant.refresh 3 4 b\n"
                        "pending.flow pin\npending.started 0 0\npending.lifetime-ms 0\npending.interval-ms 0\n"
                        "pending.pin ab12\n"));
}

BOOST_AUTO_TEST_CASE(keys_are_harmless_and_different) {
  auto key = [](const Bytes& account, const Bytes& origin = "https://api.ecobee.com", const Bytes& fingerprint = "f") {
    return store_key({account, origin, fingerprint});
  };
  const std::vector<Bytes> accounts = {"default",
                                       "../x",
                                       "..",
                                       ".",
                                       "",
                                       "-rf",
                                       "/etc/passwd",
                                       "K\xc3\xbc"
                                       "che",
                                       "a b",
                                       Bytes(200, 'z'),
                                       "Home",
                                       "home",
                                       "a/b",
                                       "a\\b",
                                       Bytes("a\0b", 3),
                                       "CON",
                                       "a-0123456789abcdef",
                                       "x.",
                                       "a\nb",
                                       "%2e%2e"};
  std::vector<Bytes> keys;
  for (const Bytes& account : accounts) {
    Bytes k = key(account);
    BOOST_TEST(k.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == Bytes::npos);
    BOOST_TEST(k[0] != '.');
    BOOST_TEST(k[0] != '-');
    BOOST_TEST(k.size() <= 57U);
    BOOST_TEST(k == key(account));
    BOOST_TEST(may_be_key_of_account(k, account));
    // Where "Home" and "home" are one file name, the hash still keeps them apart.
    Bytes folded = k;
    for (char& c : folded) c = static_cast<char>(tolower(c));
    for (const Bytes& other : keys) BOOST_TEST(folded != other);
    keys.push_back(folded);
  }
  BOOST_TEST(key("default") != key("default", "http://127.0.0.1:8080"));
  BOOST_TEST(key("default") != key("default", "https://api.ecobee.com", "g"));
  BOOST_TEST(key("a", "bc", "d") != key("ab", "c", "d"));
  BOOST_TEST(key("a", "b", "cd") != key("a", "bc", "d"));
  BOOST_TEST(key("a1", "b") != key("a", "1b"));
  BOOST_TEST(may_be_key_of_account(key("default", "http://127.0.0.1:8080", "other"), "default"));
  BOOST_TEST(!may_be_key_of_account(key("default"), "defaul"));
  BOOST_TEST(!may_be_key_of_account(key("default"), "default2"));
  BOOST_TEST(!may_be_key_of_account("default", "default"));
  BOOST_TEST(!may_be_key_of_account("default-0123456789abcdeX", "default"));
  BOOST_TEST(!may_be_key_of_account("", ""));
}

BOOST_AUTO_TEST_CASE(the_key_and_fingerprint_never_change) {
  Secret client_id("abcdefghijklmnopqrstuvwxyz012345");
  BOOST_TEST(fingerprint_of_client_id(client_id) == sha256_hex("abcdefghijklmnopqrstuvwxyz012345").substr(0, 16));
  BOOST_TEST(store_key({"default", "https://api.ecobee.com", "0123456789abcdef"}) ==
             "default-" + sha256_hex("7:default22:https://api.ecobee.com16:0123456789abcdef").substr(0, 16));
  BOOST_TEST(store_key({"../x", "o", "f"}).substr(0, 5) == "_._x-");
}

BOOST_AUTO_TEST_SUITE_END()
