#include "protocol/answer_json.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Handler.h>
#include <Poco/JSON/Parser.h>

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace ecoauth {
namespace {

constexpr size_t depth_limit = 32;

struct Duplicate {};

/// Listens to the parser and keeps what is wanted. Without the tree that POCO would build, tokens are not scattered
/// over dozens of small strings, and a member said twice is seen (POCO's tree silently keeps the last).
class Listener final : public Poco::JSON::Handler {
 public:
  explicit Listener(AnswerJson& out) : out_(out) {}

  bool saw_object() const { return saw_object_; }

  void reset() override {}
  void startObject() override {
    other();
    if (depth_ == 0) saw_object_ = true;
    in_status_ = depth_ == 1 && key_ == "status";
    ++depth_;
    key_.clear();
  }
  void endObject() override { close(); }
  void startArray() override {
    other();
    in_status_ = false;
    ++depth_;
    key_.clear();
  }
  void endArray() override { close(); }
  void key(const std::string& name) override {
    // Whatever it holds: of two, one might be meant to hide the other.
    if (depth_ == 1 && name == "status" && ++status_members_ > 1) throw Duplicate();
    key_ = name;
  }
  void null() override { (void)claim(); }
  void value(int number) override { keep(number); }
  void value(unsigned number) override { keep(number); }
  void value(Poco::Int64 number) override { keep(static_cast<double>(number)); }
  void value(Poco::UInt64 number) override { keep(static_cast<double>(number)); }
  void value(double number) override { keep(number); }
  void value(const std::string& text) override {
    if (JsonMember* member = claim()) {
      member->kind = JsonMember::Kind::text;
      member->text = Secret(text);
    }
  }
  void value(bool) override { other(); }

 private:
  static constexpr size_t known = 13;

  void close() {
    --depth_;
    if (depth_ <= 1) in_status_ = false;
    key_.clear();
  }

  /// The member that the present key names, once.
  JsonMember* claim() {
    struct Name {
      const char* key;
      bool of_status;
      JsonMember AnswerJson::*member;
    };
    static const Name names[known] = {
        {"access_token", false, &AnswerJson::access_token},
        {"refresh_token", false, &AnswerJson::refresh_token},
        {"token_type", false, &AnswerJson::token_type},
        {"expires_in", false, &AnswerJson::expires_in},
        {"scope", false, &AnswerJson::scope},
        {"ecobeePin", false, &AnswerJson::pin},
        {"code", false, &AnswerJson::code},
        {"interval", false, &AnswerJson::interval},
        {"error", false, &AnswerJson::error},
        {"error_description", false, &AnswerJson::error_description},
        {"error_uri", false, &AnswerJson::error_uri},
        {"code", true, &AnswerJson::status_code},
        {"message", true, &AnswerJson::status_message},
    };
    const bool here = in_status_ ? depth_ == 2 : depth_ == 1;
    if (!here) return nullptr;
    for (size_t i = 0; i < known; ++i) {
      if (names[i].of_status != in_status_ || key_ != names[i].key) continue;
      if (claimed_[i]) throw Duplicate();
      claimed_[i] = true;
      return &(out_.*names[i].member);
    }
    return nullptr;
  }

  void keep(double number) {
    if (JsonMember* member = claim()) {
      member->kind = JsonMember::Kind::number;
      member->number = number;
    }
  }
  void other() {
    if (JsonMember* member = claim()) member->kind = JsonMember::Kind::other;
  }

  AnswerJson& out_;
  std::string key_;
  size_t depth_ = 0;
  size_t status_members_ = 0;
  bool saw_object_ = false;
  bool in_status_ = false;
  bool claimed_[known] = {};
};

size_t skip_digits(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of("0123456789", at), text.size());
}

struct Number {
  size_t end = 0;
  bool too_large = false;  ///< for a 64-bit integer, or for a double
};

/// The JSON number, less its sign, that starts with the digit at `at`. What is no JSON is not judged: the parser shall
/// see it.
Number measure_number(std::string_view text, size_t at) {
  Number number;
  number.end = skip_digits(text, at);
  const size_t integral = number.end - at;
  if (text[at] == '0' && integral > 1) return number;
  auto next_is = [&](std::string_view characters) {
    return number.end < text.size() && characters.find(text[number.end]) != std::string_view::npos;
  };
  bool integer = true;
  size_t exponent = 0;
  if (next_is(".")) {
    integer = false;
    const size_t digits = ++number.end;
    if ((number.end = skip_digits(text, digits)) == digits) return number;
  }
  if (next_is("eE")) {
    integer = false;
    ++number.end;
    if (next_is("+")) ++number.end;
    const size_t digits = number.end;
    if ((number.end = skip_digits(text, digits)) == digits) return number;
    exponent =
        static_cast<size_t>(parse_int(text.substr(digits, std::min<size_t>(number.end - digits, 9))).value_or(0));
  }
  number.too_large = integer ? integral > 18 : integral + exponent > 300;
  return number;
}

/// POCO gives up on a number that is too large, and with it on the whole answer, where the number would only be clamped
/// or is nobody's business. Such a number becomes 9e99. `text` is JSON or not; strings are left alone.
void shorten_numbers(std::string& text) {
  bool in_string = false;
  size_t out = 0;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (in_string && c == '\\' && at + 1 < text.size()) {
      text[out++] = text[at++];
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && c >= '0' && c <= '9') {
      const Number number = measure_number(text, at);
      if (number.too_large) {
        for (char digit : {'9', 'e', '9', '9'}) text[out++] = digit;  // never longer than what it replaces
        at = number.end;
      }
      while (at < number.end) text[out++] = text[at++];
      continue;
    }
    text[out++] = text[at++];
  }
  wipe(text.data() + out, text.size() - out);
  text.resize(out);
}

/// Wipes the plain copy that POCO's interface asks for.
struct PlainCopy {
  std::string text;
  ~PlainCopy() { wipe(text); }
};

}  // namespace

std::optional<double> JsonMember::as_number() const {
  if (kind == Kind::number) return number;
  if (kind != Kind::text) return std::nullopt;
  const auto parsed = parse_int(text.reveal());
  return parsed ? std::optional<double>(static_cast<double>(*parsed)) : std::nullopt;
}

std::optional<AnswerJson> read_answer_json(std::string_view body) {
  body = trim(body);
  if (body.empty() || body.front() != '{' || body.size() > json_limit_bytes) return std::nullopt;
  // POCO cuts a key at an escaped NUL, so that "error\u0000x" would count as "error".
  if (body.find('\0') != std::string_view::npos || body.find("\\u0000") != std::string_view::npos) return std::nullopt;

  PlainCopy copy{std::string(body)};
  shorten_numbers(copy.text);
  AnswerJson out;
  try {
    Poco::SharedPtr<Listener> listener = new Listener(out);
    Poco::JSON::Parser parser(listener);
    parser.setDepth(depth_limit);
    parser.parse(copy.text);
    if (!listener->saw_object()) return std::nullopt;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  } catch (const Duplicate&) {
    return std::nullopt;
  }
  return out;
}

}  // namespace ecoauth
