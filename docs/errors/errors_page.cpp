// Prints docs/errors.md from what the library really uses: its table of answers, its texts, its schedules, and the
// comments of error.h. A test compares the page in the repository with this.
//
// usage: errors_page INTRODUCTION.md ERROR_H
#include <ecoauth/error.h>

#include <fstream>
#include <iostream>
#include <regex>
#include <sstream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "client/poll_schedule.hpp"
#include "client/refresh_policy.hpp"
#include "protocol/answer_table.hpp"
#include "protocol/answer_text.hpp"

using namespace ecoauth;

namespace {

constexpr int64_t second_ms = 1000, minute_ms = 60 * second_ms, hour_ms = 60 * minute_ms, day_ms = 24 * hour_ms;
constexpr AnswerContext contexts[] = {AnswerContext::authorize, AnswerContext::poll, AnswerContext::exchange,
                                      AnswerContext::refresh, AnswerContext::request};

std::string read(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  return text.str();
}

bool in_context(const AnswerRow& row, AnswerContext context) {
  return (row.contexts & (1u << static_cast<unsigned>(context))) != 0;
}

const char* name(AnswerContext context) {
  switch (context) {
    case AnswerContext::authorize:
      return "asking for a PIN";
    case AnswerContext::poll:
      return "waiting for the user";
    case AnswerContext::exchange:
      return "exchanging a code";
    case AnswerContext::refresh:
      return "refreshing";
    default:
      return "API request";
  }
}

const char* name(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::oauth_error:
      return "";
    case AnswerKind::other_oauth_error:
      return "any other `error`";
    case AnswerKind::throttled:
      return "HTTP 429, or `Retry-After`";
    case AnswerKind::not_ours:
      return "HTTP 5xx or 3xx, a web page, nothing";
    case AnswerKind::cut_off:
      return "reset, time-out, cut off";
    case AnswerKind::salvaged:
      return "unusable, but with a refresh token";
    case AnswerKind::unreachable:
      return "none: name, connection, proxy";
    case AnswerKind::tls_failed:
      return "none: no secure connection";
    case AnswerKind::certificate_time:
      return "none: certificate not valid now";
    case AnswerKind::given_up:
      return "none: cancelled here";
    case AnswerKind::api_expired:
      return "API status 14, or HTTP 401";
    case AnswerKind::api_refused:
      return "API status 1";
    case AnswerKind::api_revoked:
      return "API status 16, or 2 with \"revoked\"";
    case AnswerKind::api_other:
      return "any other API answer";
  }
  return "";
}

std::string duration(int64_t ms) {
  if (ms % day_ms == 0) return to_text(ms / day_ms) + " d";
  if (ms % hour_ms == 0) return to_text(ms / hour_ms) + " h";
  if (ms % minute_ms == 0) return to_text(ms / minute_ms) + " min";
  return to_text(ms / second_ms) + " s";
}

/// "2 s, 5 s, 12 s, then every 5 min"
std::string series(const std::vector<int64_t>& delays) {
  size_t last = delays.size() - 1;
  while (last > 0 && delays[last - 1] == delays.back()) --last;
  std::string text;
  for (size_t i = 0; i < last; ++i) {
    size_t same = i;
    while (same + 1 < last && delays[same + 1] == delays[i]) ++same;
    text += (text.empty() ? "" : ", ") + duration(delays[i]);
    if (same > i + 1) text += " (" + to_text(static_cast<int64_t>(same - i + 1)) + " times)";
    if (same > i + 1) i = same;
  }
  return text + (text.empty() ? "every " : ", then every ") + duration(delays.back());
}

Classified example(const AnswerRow& row) {
  Classified answer;
  answer.answer_class = row.answer_class;
  answer.error.code = row.code;
  answer.error.action = row.action;
  return answer;
}

std::string refresh_tries(const AnswerRow& row) {
  if (row.answer_class == AnswerClass::throttled) return "when the header says, 1 s to 6 h";
  RetrySchedule schedule;
  std::vector<int64_t> delays;
  for (int i = 0; i < 40; ++i) delays.push_back(schedule.after(example(row), 1).in_ms);
  return (row.answer_class == AnswerClass::not_sent && row.code != ECOAUTH_ERROR_CLOCK ? "at most " : "") +
         series(delays);
}

std::string poll_tries(const AnswerRow& row) {
  if (row.answer_class == AnswerClass::throttled) return "when the header says, 5 s slower";
  constexpr int64_t interval_ms = 30 * second_ms;
  PollSchedule schedule(interval_ms, hour_ms, 0, false);
  std::vector<std::string> delays;
  int64_t now_ms = 0;
  for (int i = 0; i < 4; ++i) {
    now_ms = schedule.next_ms();
    schedule.sent(now_ms);
    if (schedule.after(example(row), now_ms)) break;
    delays.push_back(duration(schedule.next_ms() - now_ms));
  }
  if (delays.empty()) return "no";
  std::string text = delays.front();
  for (size_t i = 1; i < delays.size(); ++i) text += ", " + delays[i];
  if (delays.size() < 4) return text + ", then no more";
  return delays.back() == duration(interval_ms) ? "with the next poll" : text + " ... when the interval was 30 s";
}

std::string tries(const AnswerRow& row) {
  if (row.answer_class == AnswerClass::token_expired) return "after one refresh, once";
  std::string text;
  if (in_context(row, AnswerContext::poll)) text = poll_tries(row);
  if (in_context(row, AnswerContext::refresh) && row.kind != AnswerKind::given_up)
    text += (text.empty() ? "" : "; refreshing: ") + refresh_tries(row);
  return text.empty() ? "no" : text;
}

void print_answers() {
  std::cout << "\n## What the server can answer\n\n"
               "| answer | while | result | action | what happened | what to do | the library tries again |\n"
               "| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const AnswerRow& row : answer_table()) {
    std::string where;
    AnswerFacts facts;
    facts.error = row.kind == AnswerKind::other_oauth_error ? "its_error" : row.error;
    facts.status = row.kind == AnswerKind::not_ours ? 502 : row.kind == AnswerKind::throttled ? 429 : 200;
    facts.body = row.kind == AnswerKind::not_ours ? "<html>" : "";
    bool first = true;
    for (AnswerContext context : contexts) {
      if (!in_context(row, context)) continue;
      if (first) facts.context = context;
      where += (first ? "" : ", ") + std::string(name(context));
      first = false;
    }
    const Error usual = make_error(row.code, "");
    const std::string advice = what_to_do(row, facts);
    std::cout << "| " << (row.kind == AnswerKind::oauth_error ? "`" + std::string(row.error) + "`" : name(row.kind))
              << " | " << where << " | " << (row.code == ECOAUTH_PENDING ? "none, it goes on" : result_name(row.code))
              << " | " << action_name(row.action) << " | " << what_happened(row, facts) << " | "
              << (advice.empty() ? usual.advice : advice) << " | " << tries(row) << " |\n";
  }
}

void print_codes(const std::string& header) {
  std::cout << "\n## Every result code\n\n| code | number | what it means | action | what to do |\n| --- | --- | --- | "
               "--- | --- |\n";
  const std::regex define(R"(/\*\*((?:[^*]|\*(?!/))*)\*/\n#define ECOAUTH_((?:ERROR_)?[A-Z_]+) \(?(-?[0-9]+)\)?\n)");
  const std::regex line_break(R"(\s*\n \*\s*)");
  for (std::sregex_iterator each(header.begin(), header.end(), define), end; each != end; ++each) {
    const int32_t code = static_cast<int32_t>(std::stol((*each)[3].str()));
    const std::string full = (*each)[2].str();
    const std::string short_name = starts_with(full, "ERROR_") ? full.substr(6) : full;
    if (short_name != result_name(code)) continue;  // an action
    const Error usual = make_error(code, "");
    std::cout << "| " << short_name << " | " << code << " | "
              << trim(std::regex_replace((*each)[1].str(), line_break, " ")) << " | " << action_name(usual.action)
              << " | " << usual.advice << " |\n";
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::cout << read(arguments[1]);
  print_answers();
  print_codes(read(arguments[2]));
}
