#include "base/digest.hpp"
#include "base/text.hpp"
#include "protocol/record.hpp"
#include "protocol/record_text.hpp"

namespace ecoauth {
namespace {

using namespace record_text;

/// Takes the lines twice: once to count the bytes, once to write them, so that the one buffer never grows and leaves no
/// copies behind.
class LineWriter {
 public:
  explicit LineWriter(Secret* out) : out_(out) {}

  void line(std::string_view name, std::string_view value) {
    if (out_) {
      out_->append(name);
      if (!value.empty()) out_->append(" ");
      append_escaped(*out_, value);
      out_->append("\n");
    } else {
      size_ += name.size() + (value.empty() ? 0 : 1) + escaped_size(value) + 1;
    }
  }
  void line(std::string_view name, const Secret& value) { line(name, value.reveal()); }
  void number(std::string_view name, int64_t value) { line(name, to_text(value)); }

  template <typename Value>
  void optional_line(std::string_view name, const Value& value) {
    if (!value.empty()) line(name, value);
  }

  void verbatim(std::string_view text) {
    if (out_) {
      out_->append(text);
      out_->append("\n");
    } else {
      size_ += text.size() + 1;
    }
  }

  size_t size() const { return size_; }

 private:
  Secret* out_;
  size_t size_ = 0;
};

const char* kind_of(const Record& record) {
  const int64_t generation = record.grant ? record.grant->generation : 0;
  if (record.intent && record.intent->generation >= generation) return "intent";
  return record.grant && record.grant->state == GrantState::needs_reauthorization ? "tombstone" : "commit";
}

void write_grant(LineWriter& writer, const Grant& grant) {
  writer.line("grant.state", grant_state_word(grant.state));
  writer.optional_line("grant.reason", grant.reason);
  writer.number("grant.generation", grant.generation);
  writer.optional_line("grant.access-token", grant.access_token);
  writer.optional_line("grant.token-type", grant.token_type);
  writer.optional_line("grant.scope", grant.scope);
  writer.number("grant.lifetime-ms", grant.lifetime_ms);
  writer.line("grant.obtained", moment_text(grant.obtained));
  writer.number("grant.advisory-permille", grant.advisory_permille);
  writer.number("grant.identical-refreshes", grant.identical_refreshes);
  for (const Secret& candidate : grant.candidates) writer.line("grant.candidate", candidate);
  for (const Refusal& refusal : grant.refusals)
    writer.line("grant.refusal", to_text(refusal.connection) + " " + moment_text(refusal.at));
  for (const Moment& refresh : grant.refreshes) writer.line("grant.refresh", moment_text(refresh));
}

void write_pending(LineWriter& writer, const Pending& pending) {
  writer.line("pending.flow", pending.flow);
  writer.optional_line("pending.scope", pending.scope);
  writer.line("pending.started", moment_text(pending.started));
  writer.number("pending.lifetime-ms", pending.lifetime_ms);
  writer.number("pending.interval-ms", pending.interval_ms);
  writer.optional_line("pending.pin", pending.pin);
  writer.optional_line("pending.code", pending.code);
  writer.optional_line("pending.state", pending.state);
  writer.optional_line("pending.verifier", pending.verifier);
  writer.optional_line("pending.redirect-uri", pending.redirect_uri);
}

void write_record(LineWriter& writer, const Record& record) {
  writer.number(magic, format_version);
  writer.number("seq", record.seq);
  writer.line("kind", kind_of(record));
  writer.line("account", record.identity.account);
  writer.line("origin", record.identity.origin);
  writer.line("client-id-fingerprint", record.identity.client_fingerprint);
  writer.line("seal", "none");
  writer.line("client-id", record.client_id);
  writer.optional_line("scope-asked", record.scope_asked);
  if (record.grant) write_grant(writer, *record.grant);
  if (record.intent) {
    writer.number("intent.generation", record.intent->generation);
    writer.line("intent.at", moment_text(record.intent->at));
  }
  if (record.pending) write_pending(writer, *record.pending);
  for (const std::string& line : record.unknown_lines)
    if (keepable_unknown_line(line)) writer.verbatim(line);
}

/// Gives up one thing, the least needed first; false when nothing is left that may go. What is kept to the end: whose
/// record it is, the newest refresh token, and that a refresh may be under way.
bool drop_least_needed(Record& record) {
  // (Without a refresh token, as of a utility account, the access token is all there is.)
  if (record.grant && !record.grant->access_token.empty() && !record.grant->candidates.empty()) {
    record.grant->access_token.clear();
  } else if (record.grant && !record.grant->refusals.empty()) {
    record.grant->refusals.erase(record.grant->refusals.begin());
  } else if (record.grant && !record.grant->refreshes.empty()) {
    record.grant->refreshes.erase(record.grant->refreshes.begin());
  } else if (record.grant && record.grant->candidates.size() > 2) {
    record.grant->candidates.pop_back();
  } else if (!record.unknown_lines.empty()) {
    record.unknown_lines.clear();
  } else if (record.grant && record.pending) {
    record.pending.reset();
  } else if (record.grant && record.grant->candidates.size() > 1) {
    record.grant->candidates.pop_back();
  } else {
    return false;
  }
  return true;
}

}  // namespace

Secret encode_record(const Record& record) {
  LineWriter counter(nullptr);
  write_record(counter, record);
  Secret out;
  out.reserve(counter.size() + check_line_bytes);
  LineWriter writer(&out);
  write_record(writer, record);
  std::string digest = sha256_hex(out.reveal());
  out.append("check ");
  out.append(digest);
  out.append("\n");
  return out;
}

Secret encode_record_within(const Record& record, size_t limit_bytes) {
  Secret whole = encode_record(record);
  if (whole.size() <= limit_bytes) return whole;
  Record smaller = record.clone();
  while (drop_least_needed(smaller)) {
    whole = encode_record(smaller);
    if (whole.size() <= limit_bytes) return whole;
  }
  return {};
}

}  // namespace ecoauth
