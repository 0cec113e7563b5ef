#include <limits>
#include <set>

#include "base/text.hpp"
#include "protocol/record.hpp"
#include "protocol/record_clear.hpp"
#include "protocol/record_text.hpp"
#include "protocol/seal.hpp"

namespace ecoauth {
namespace {

using namespace record_text;

/// Fills a record from the lines after the seal, remembering which fields were there.
class FieldReader {
 public:
  explicit FieldReader(Record& record) : record_(record) {}

  /// What is wrong with the line, or nothing.
  std::optional<Error> take(std::string_view text) {
    auto line = parse_line(text);
    if (!line) return corrupt("a line is malformed");
    if (!known_name(line->name)) {
      if (!keepable_unknown_line(text)) return corrupt("a line is malformed");
      record_.unknown_lines.emplace_back(text);
      return std::nullopt;
    }
    bool repeatable = line->name == "grant.candidate" || line->name == "grant.refusal" || line->name == "grant.refresh";
    if (!seen_.insert(line->name).second && !repeatable) return wrong(line->name, "is there twice");
    if (line->name == "grant.state" && !parse_grant_state(line->value))
      return newer("grant state \"" + printable(line->value, 40) + "\"");
    if (!take_known(line->name, line->value)) return wrong(line->name, "is malformed or out of place");
    return std::nullopt;
  }

  std::optional<Error> finish() {
    static const std::string_view grant_fields[] = {
        "grant.state",    "grant.generation",        "grant.lifetime-ms",
        "grant.obtained", "grant.advisory-permille", "grant.identical-refreshes"};
    static const std::string_view intent_fields[] = {"intent.generation", "intent.at"};
    static const std::string_view pending_fields[] = {"pending.flow", "pending.started", "pending.lifetime-ms",
                                                      "pending.interval-ms"};
    if (!seen_.count("client-id")) return wrong("client-id", "is missing");
    if (record_.grant)
      for (std::string_view name : grant_fields)
        if (!seen_.count(name)) return wrong(name, "is missing");
    if (record_.intent)
      for (std::string_view name : intent_fields)
        if (!seen_.count(name)) return wrong(name, "is missing");
    if (record_.pending)
      for (std::string_view name : pending_fields)
        if (!seen_.count(name)) return wrong(name, "is missing");
    return std::nullopt;
  }

 private:
  static Error wrong(std::string_view name, const char* what) {
    return corrupt("its field \"" + std::string(name) + "\" " + what);
  }

  bool take_known(std::string_view name, std::string_view value) {
    if (name == "client-id") return unescape(value, record_.client_id);
    if (name == "scope-asked") return text(value, record_.scope_asked);
    if (starts_with(name, "grant.")) return take_grant(name, value);
    if (starts_with(name, "intent.")) return take_intent(name, value);
    if (starts_with(name, "pending.")) return take_pending(name, value);
    return false;  // a field of the part in clear, or the check line, in the wrong place
  }

  bool take_grant(std::string_view name, std::string_view value) {
    if (!record_.grant) record_.grant.emplace();
    Grant& grant = *record_.grant;
    if (name == "grant.state") {
      grant.state = *parse_grant_state(value);
      return true;
    }
    if (name == "grant.reason") return text(value, grant.reason);
    if (name == "grant.generation") return number(value, grant.generation);
    if (name == "grant.access-token") return unescape(value, grant.access_token);
    if (name == "grant.token-type") return text(value, grant.token_type);
    if (name == "grant.scope") return text(value, grant.scope);
    if (name == "grant.lifetime-ms") return number(value, grant.lifetime_ms);
    if (name == "grant.obtained") return moment(value, grant.obtained);
    if (name == "grant.advisory-permille") return number(value, grant.advisory_permille);
    if (name == "grant.identical-refreshes") return number(value, grant.identical_refreshes);
    if (name == "grant.candidate") return unescape(value, grant.candidates.emplace_back());
    if (name == "grant.refusal") return refusal(value, grant.refusals.emplace_back());
    if (name == "grant.refresh") return moment(value, grant.refreshes.emplace_back());
    return false;
  }

  bool take_intent(std::string_view name, std::string_view value) {
    if (!record_.intent) record_.intent.emplace();
    if (name == "intent.generation") return number(value, record_.intent->generation);
    if (name == "intent.at") return moment(value, record_.intent->at);
    return false;
  }

  bool take_pending(std::string_view name, std::string_view value) {
    if (!record_.pending) record_.pending.emplace();
    Pending& pending = *record_.pending;
    if (name == "pending.flow") return text(value, pending.flow);
    if (name == "pending.scope") return text(value, pending.scope);
    if (name == "pending.started") return moment(value, pending.started);
    if (name == "pending.lifetime-ms") return number(value, pending.lifetime_ms);
    if (name == "pending.interval-ms") return number(value, pending.interval_ms);
    if (name == "pending.pin") return unescape(value, pending.pin);
    if (name == "pending.code") return unescape(value, pending.code);
    if (name == "pending.state") return unescape(value, pending.state);
    if (name == "pending.verifier") return unescape(value, pending.verifier);
    if (name == "pending.redirect-uri") return text(value, pending.redirect_uri);
    return false;
  }

  static bool text(std::string_view value, std::string& out) {
    auto plain = unescape_text(value);
    if (plain) out = *plain;
    return plain.has_value();
  }

  template <typename Integer>
  static bool number(std::string_view value, Integer& out) {
    auto parsed = parse_number(value);
    if (!parsed || *parsed < std::numeric_limits<Integer>::min() || *parsed > std::numeric_limits<Integer>::max())
      return false;
    out = static_cast<Integer>(*parsed);
    return true;
  }

  static bool moment(std::string_view value, Moment& out) {
    auto plain = unescape_text(value);
    auto parsed = plain ? parse_moment(*plain) : std::nullopt;
    if (parsed) out = *parsed;
    return parsed.has_value();
  }

  static bool refusal(std::string_view value, Refusal& out) {
    size_t space = value.find(' ');
    return space != std::string_view::npos && number(value.substr(0, space), out.connection) &&
           moment(value.substr(space + 1), out.at);
  }

  Record& record_;
  std::set<std::string_view> seen_;
};

}  // namespace

Result<Identity> decode_identity(std::string_view bytes) {
  auto clear = parse_clear(bytes);
  if (!clear) return clear.error();
  return clear.value().identity;
}

Result<Record> decode_record(std::string_view bytes) {
  auto clear = parse_clear(bytes);
  if (!clear) return clear.error();
  auto key_id = key_id_in_seal(clear.value().seal);
  if (!key_id) return newer_seal(clear.value().seal);
  if (!key_id->empty())
    return make_error(ECOAUTH_ERROR_STORE,
                      "the stored record is sealed with the key " + *key_id + ", and no key was given",
                      "Give the store the key that it was sealed with; the command-line tool takes it with --seal.");
  Record record;
  record.seq = clear.value().seq;
  record.identity = std::move(clear.value().identity);
  FieldReader reader(record);
  std::string_view rest = clear.value().rest;
  while (auto text = next_line(rest))
    if (auto error = reader.take(*text)) return *error;
  if (!rest.empty()) return corrupt("a line is cut off");
  if (auto error = reader.finish()) return *error;
  return record;
}

}  // namespace ecoauth
