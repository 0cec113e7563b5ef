#include "net/answer_parser.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ecoauth {

namespace {
// reliability.md 5.3
constexpr size_t max_status_line_bytes = 1024;
constexpr size_t max_head_bytes = 16 * 1024;  // interim (1xx) answers included, so they cannot go on for ever
constexpr int max_fields = 64;
constexpr size_t max_chunk_line_bytes = 256;

bool token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

/// A name with something dangerous in a value is worse than a missing one.
bool clean_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}
}  // namespace

AnswerParser::AnswerParser(size_t max_body_bytes, bool bodyless)
    : max_body_bytes_(max_body_bytes), bodyless_(bodyless) {}

AnswerParser::~AnswerParser() { wipe(line_); }

void AnswerParser::fail(HttpFailure kind, std::string detail) {
  state_ = State::failed;
  failure_ = refusal_.kind != HttpFailure::none ? refusal_ : Failure{kind, std::move(detail)};
}

void AnswerParser::refuse(std::string detail) {
  if (refusal_.kind == HttpFailure::none) refusal_ = {HttpFailure::malformed, std::move(detail)};
}

void AnswerParser::take(std::string_view bytes) {
  if (!bytes.empty()) any_byte_ = true;
  while (!bytes.empty() && !finished()) {
    switch (state_) {
      case State::status_line:
      case State::fields: {
        size_t limit = max_head_bytes - head_bytes_;
        if (state_ == State::status_line) limit = std::min(limit, max_status_line_bytes);
        bool complete = take_line(bytes, limit);
        if (state_ == State::failed) return;
        if (state_ == State::status_line) {
          std::string_view begin = std::string_view(line_).substr(0, 5);
          if (std::string_view("HTTP/").substr(0, begin.size()) != begin)
            return fail(HttpFailure::malformed, "the answer is not HTTP");
        }
        if (!complete) return;
        head_bytes_ += line_.size() + 2;
        line(line_);
        line_.clear();
        break;
      }
      case State::length:
        take_body(bytes, left_);
        if (state_ == State::length && left_ == 0) state_ = State::complete;
        break;
      case State::until_close:
        take_body(bytes, -1);
        break;
      case State::chunk_data:
        take_body(bytes, left_);
        if (state_ == State::chunk_data && left_ == 0) state_ = State::chunk_end;
        break;
      case State::chunk_size:
      case State::chunk_end: {
        if (!take_line(bytes, max_chunk_line_bytes)) return;
        if (state_ == State::chunk_size) {
          chunk_size(line_);
        } else if (line_.empty()) {
          state_ = State::chunk_size;
        } else {
          fail(HttpFailure::malformed, "a chunk of the answer is longer than announced");
        }
        line_.clear();
        break;
      }
      case State::complete:
      case State::failed:
        break;
    }
  }
}

bool AnswerParser::take_line(std::string_view& bytes, size_t limit_bytes) {
  size_t end = bytes.find('\n');
  std::string_view piece = bytes.substr(0, end);
  if (line_.size() + piece.size() > limit_bytes) {
    bool http = state_ != State::status_line || starts_with(line_ + std::string(piece.substr(0, 5)), "HTTP/");
    fail(http ? HttpFailure::too_large : HttpFailure::malformed,
         http ? "the header of the answer is too large" : "the answer is not HTTP");
    return false;
  }
  line_ += piece;
  if (end == std::string_view::npos) {
    bytes = {};
    return false;
  }
  bytes.remove_prefix(end + 1);
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();  // a bare LF ends a line too (RFC 9112 section 2.2)
  return true;
}

void AnswerParser::take_body(std::string_view& bytes, int64_t limit_bytes) {
  size_t count = bytes.size();
  if (limit_bytes >= 0) count = std::min(count, static_cast<size_t>(limit_bytes));
  size_t room = max_body_bytes_ - body_.size();
  body_.append(bytes.substr(0, std::min(count, room)));
  if (count > room)
    return fail(HttpFailure::too_large,
                "the answer is larger than " + to_text(static_cast<int64_t>(max_body_bytes_)) + " bytes");
  bytes.remove_prefix(count);
  if (limit_bytes >= 0) left_ -= static_cast<int64_t>(count);
}

void AnswerParser::line(std::string_view text) {
  if (state_ == State::status_line) return status_line(text);
  if (text.empty()) return head_over();
  if (++fields_ > max_fields) return fail(HttpFailure::too_large, "the answer has too many header fields");
  field(text);
}

void AnswerParser::status_line(std::string_view text) {
  // HTTP/1.x SP 3DIGIT [SP reason]
  bool ok = text.size() >= 12 && starts_with(text, "HTTP/1.") && digit(text[7]) && text[8] == ' ' && digit(text[9]) &&
            digit(text[10]) && digit(text[11]) && (text.size() == 12 || text[12] == ' ') && clean_value(text);
  int status = ok ? static_cast<int>(*parse_int(text.substr(9, 3))) : 0;
  if (status < 100 || status > 599) return fail(HttpFailure::malformed, "the answer has no valid status line");
  status_ = status;
  http_1_0_ = text[7] == '0';
  fields_ = 0;
  state_ = State::fields;
}

void AnswerParser::field(std::string_view text) {
  size_t colon = text.find(':');
  std::string_view name = text.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() || !std::all_of(name.begin(), name.end(), token_char) ||
      !clean_value(text))
    return refuse("a header field of the answer is malformed");
  std::string_view value = trim(text.substr(colon + 1));
  auto is = [&](const char* wanted) { return equals_ignoring_case(name, wanted); };
  if (is("content-length")) {
    auto length =
        value.size() <= 15 && std::all_of(value.begin(), value.end(), digit) ? parse_int(value) : std::nullopt;
    if (!length || length_ >= 0) return refuse("the answer does not state one valid length");
    length_ = *length;
  } else if (is("transfer-encoding")) {
    if (chunked_ || !equals_ignoring_case(value, "chunked"))
      return refuse("the answer has an unknown transfer encoding");
    chunked_ = true;
  } else if (is("content-encoding")) {
    if (!value.empty() && !equals_ignoring_case(value, "identity"))
      refuse("the answer is encoded (" + printable(value, 32) + ") although that was not asked for");
  } else if (is("content-type")) {
    if (content_type_.empty()) content_type_ = printable(value);
  } else if (is("retry-after")) {
    if (retry_after_.empty()) retry_after_ = printable(value);
  } else if (is("date")) {
    if (date_.empty()) date_ = printable(value);
  }
}

void AnswerParser::head_over() {
  if (status_ < 200) {
    if (status_ == 101) return fail(HttpFailure::malformed, "the server changed to a protocol that was not asked for");
    length_ = -1;
    chunked_ = false;
    status_ = 0;
    content_type_.clear();
    retry_after_.clear();
    date_.clear();
    state_ = State::status_line;
    return;
  }
  if (chunked_ && (length_ >= 0 || http_1_0_)) refuse("the answer states its length in two ways");
  if (refusal_.kind != HttpFailure::none) {
    state_ = State::until_close;
  } else if (bodyless_ || status_ == 204 || status_ == 304) {
    state_ = State::complete;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (length_ >= 0) {
    left_ = length_;
    state_ = left_ == 0 ? State::complete : State::length;
  } else {
    state_ = State::until_close;
  }
}

void AnswerParser::chunk_size(std::string_view text) {
  std::string_view digits = trim(text.substr(0, text.find(';')));
  int64_t size = 0;
  bool ok = !digits.empty() && digits.size() <= 8;
  for (char c : digits) {
    int value = digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (value < 0) ok = false;
    size = size * 16 + value;
    if (!ok) break;
  }
  if (!ok) return fail(HttpFailure::malformed, "a chunk of the answer has no valid length");
  left_ = size;
  // Trailers are of no interest, and the connection is not used again.
  state_ = size == 0 ? State::complete : State::chunk_data;
}

void AnswerParser::end(bool complete) {
  if (finished()) return;
  if (state_ == State::status_line || state_ == State::fields) {
    fail(HttpFailure::reset, any_byte_ ? "the server closed the connection within the header of its answer"
                                       : "the server closed the connection without an answer");
  } else if (state_ == State::until_close && complete && !refused()) {
    state_ = State::complete;
  } else {
    fail(HttpFailure::truncated, "the answer is shorter than announced");
  }
}

void AnswerParser::broken() {
  if (finished()) return;
  fail(HttpFailure::reset,
       any_byte_ ? "the connection broke within the answer" : "the connection broke before the answer");
}

void AnswerParser::give(HttpResult& result) {
  result.status = status_;
  result.body = std::move(body_);
  result.content_type = std::move(content_type_);
  result.retry_after = std::move(retry_after_);
  result.date = std::move(date_);
}

}  // namespace ecoauth
