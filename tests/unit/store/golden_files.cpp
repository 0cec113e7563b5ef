#include "golden_files.hpp"

#include <stdexcept>

#include "base/digest.hpp"
#include "protocol/seal.hpp"
#include "store/slot_layout.hpp"

namespace ecoauth {
namespace {

const Moment morning = {86400123, 1764000000000, "0d2c1a52-6a7b-4c0e-9d5f-3b1f6f2a7c11"};
const Moment later = {86460500, 1764000060377, "0d2c1a52-6a7b-4c0e-9d5f-3b1f6f2a7c11"};

Record empty_record(int64_t seq) {
  Record record;
  record.seq = seq;
  record.client_id = Secret("ExampleApplicationKey0123456789x");
  record.identity = {"default", "https://api.ecobee.com", fingerprint_of_client_id(record.client_id)};
  record.scope_asked = "smartRead";
  return record;
}

Record active(int64_t seq) {
  Record record = empty_record(seq);
  Grant& grant = record.grant.emplace();
  grant.state = GrantState::active;
  grant.generation = 7;
  grant.access_token = Secret("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.ZXhhbXBsZS1vbmx5");
  grant.token_type = "Bearer";
  grant.scope = "smartRead";
  grant.lifetime_ms = 3599000;
  grant.obtained = morning;
  grant.advisory_permille = 775;
  grant.candidates.push_back(Secret("v1.Mexample-refresh-token_newest"));
  grant.identical_refreshes = 3;
  return record;
}

Record intent(int64_t seq) {
  Record record = active(seq);
  record.grant->candidates.push_back(Secret("v1.Mexample-refresh-token_before"));
  record.grant->candidates.push_back(Secret("v1.Mexample-refresh-token_fenced"));
  record.intent = Intent{7, later};
  return record;
}

void add_pin(Record& record) {
  Pending& pending = record.pending.emplace();
  pending.flow = "pin";
  pending.scope = "smartWrite";
  pending.started = later;
  pending.lifetime_ms = 540000;
  pending.interval_ms = 30000;
  pending.pin = Secret("abcd-efgh");
  pending.code = Secret("ExampleAuthorizationCode");
}

Record pending_code(int64_t seq) {
  Record record = empty_record(seq);
  Pending& pending = record.pending.emplace();
  pending.flow = "code";
  pending.scope = "smartRead,smartWrite";
  pending.started = {5000, 1764000000000, ""};  // a machine that does not tell its boot id
  pending.lifetime_ms = 600000;
  pending.state = Secret("ExampleState-0123456789");
  pending.verifier = Secret("example-verifier-of-43-characters-0123456789");
  pending.redirect_uri = "https://host.example/callback?from=ecobee";
  return record;
}

Record suspect(int64_t seq) {
  Record record = active(seq);
  record.grant->state = GrantState::suspect;
  record.grant->reason = "NEEDS_AUTHORIZATION";
  record.grant->access_token.clear();
  record.grant->refusals = {{morning, 1}, {later, 2}};
  return record;
}

Record refreshed(int64_t seq) {
  Record record = active(seq);
  record.grant->refreshes = {morning, later};
  return record;
}

Record with_state(int64_t seq, GrantState state, const std::string& reason) {
  Record record = active(seq);
  record.grant->state = state;
  record.grant->reason = reason;
  return record;
}

Record odd_bytes(int64_t seq) {
  Record record = active(seq);
  record.identity = {
      "Mus\xc3\xa9"
      "e 100% \n",
      "http://127.0.0.1:8080", record.identity.client_fingerprint};
  record.grant->access_token = Secret(std::string("\xff\x00%\x7f", 4));
  record.grant->token_type.clear();
  return record;
}

std::string encoded(const Record& record) { return std::string(encode_record(record).reveal()); }

/// With the check line that `text`, all the lines before it, needs.
std::string checked(const std::string& text) { return text + "check " + sha256_hex(text) + "\n"; }

std::string without_check(const std::string& record) { return record.substr(0, record.size() - 71); }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("golden files: no \"" + from + "\"");
  return text.replace(at, from.size(), to);
}

std::string slot_of(int64_t seq, const std::string& record) {
  return std::string(slot_layout::slot_image(seq, 1, record).bytes.reveal());
}

std::string token_file(const std::string& slot0, const std::string& slot1, const std::string& slot2) {
  std::string file(slot_layout::header_line());
  file.resize(slot_layout::header_bytes, '\0');
  for (const std::string& slot : {slot0, slot1, slot2}) {
    file += slot;
    file.resize(file.size() + slot_layout::slot_bytes - slot.size(), '\0');
  }
  return file;
}

}  // namespace

std::vector<GoldenFile> golden_records() {
  Record pin = empty_record(1);
  add_pin(pin);
  Record both = active(4);
  add_pin(both);
  std::string unknown = checked(without_check(encoded(active(9))) + "grant.later-field some value%0A\nlater-flag\n");
  return {{"pending-pin.record", encoded(pin)},
          {"active.record", encoded(active(2))},
          {"intent.record", encoded(intent(3))},
          {"active-and-pending.record", encoded(both)},
          {"pending-code.record", encoded(pending_code(5))},
          {"suspect.record", encoded(suspect(6))},
          {"refreshed.record", encoded(refreshed(7))},
          {"needs-reauthorization.record",
           encoded(with_state(7, GrantState::needs_reauthorization, "NEEDS_AUTHORIZATION"))},
          {"blocked.record", encoded(with_state(8, GrantState::blocked, "INVALID_CLIENT"))},
          {"unknown-fields.record", unknown},
          {"signed-out.record", encoded(empty_record(10))},
          {"odd-bytes.record", encoded(odd_bytes(11))}};
}

SealKey golden_key() {
  std::string bytes;
  for (char c = 0; c < 32; ++c) bytes += c;
  return std::move(*SealKey::from(bytes));
}

std::vector<GoldenSealed> golden_sealed_records() {
  std::vector<GoldenSealed> sealed;
  for (const char* name : {"active", "active-and-pending", "odd-bytes", "signed-out", "unknown-fields"}) {
    const std::string plain = golden_record(std::string(name) + ".record");
    auto record = seal_record(plain, golden_key(), "golden nonce");
    sealed.push_back({{"sealed-" + std::string(name) + ".record", std::string(record.value().reveal())}, plain});
  }
  return sealed;
}

std::vector<GoldenFile> golden_foreign_records() {
  std::string plain = without_check(encoded(active(2)));
  std::string clear = plain.substr(0, plain.find("client-id "));
  std::string sealed = replaced(clear, "seal none", "seal aes-256-gcm") + std::string("\x00\x01sealed\xff bytes\n", 16);
  return {{"later-format.record", checked(replaced(plain, "ecoauth-record 1", "ecoauth-record 2"))},
          {"later-seal.record", checked(sealed)},
          {"later-grant-state.record", checked(replaced(plain, "grant.state active", "grant.state dormant"))},
          {"corrupt.record", replaced(encoded(active(2)), "generation 7", "generation 8")},
          {"cut-off.record", encoded(active(2)).substr(0, 400)}};
}

std::vector<GoldenFile> golden_token_files() {
  std::string slot0 = slot_of(3, golden_record("intent.record"));
  std::string slot1 = slot_of(4, golden_record("active-and-pending.record"));
  std::string slot2 = slot_of(2, golden_record("active.record"));
  std::string torn = slot1.substr(0, 512) + slot_of(1, golden_record("pending-pin.record")).substr(512);
  std::string blank(slot_layout::blank_slot_image().bytes.reveal());
  std::string life = token_file(slot0, slot1, slot2);
  return {{"life.ecoauth", life},
          {"sealed.ecoauth", token_file("", "", slot_of(2, golden_sealed_records().front().file.bytes))},
          {"torn.ecoauth", token_file(slot0, torn, slot2)},
          {"begun.ecoauth", token_file(blank, "", "")},
          {"erased.ecoauth", token_file("", "", blank)},
          {"later-version.ecoauth", replaced(life, "ecoauth-store 1", "ecoauth-store 2")},
          {"later-slot.ecoauth", replaced(life, "ecoauth-slot 1", "ecoauth-slot 2")},
          {"corrupt.ecoauth", token_file("", torn, "")}};
}

std::string golden_record(const std::string& name) {
  for (const GoldenFile& file : golden_records())
    if (file.name == name) return file.bytes;
  throw std::logic_error("golden files: no " + name);
}

}  // namespace ecoauth
