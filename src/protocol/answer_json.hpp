// The members of a JSON answer that this library uses, read with distrust. POCO stays behind this header.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/secret.hpp"

namespace ecoauth {

constexpr size_t json_limit_bytes = 64 * 1024;

/// One member; absent (JSON null included), a text, a number, or something else.
struct JsonMember {
  enum class Kind { absent, text, number, other };
  Kind kind = Kind::absent;
  Secret text;        ///< every text might be a token
  double number = 0;  ///< exact up to 2^53, far beyond any limit that is applied to it

  bool absent() const { return kind == Kind::absent; }
  bool is_text() const { return kind == Kind::text; }
  /// The number, also when it was sent as a text of decimal digits.
  std::optional<double> as_number() const;
};

struct AnswerJson {
  JsonMember access_token, refresh_token, token_type, expires_in, scope;
  JsonMember pin, code, interval;
  JsonMember error, error_description, error_uri;
  JsonMember status_code, status_message;  ///< members of the API's `status` object
};

/// Nothing when the body is no JSON object, is too large or too deep, holds a NUL, or says a member that is used here
/// twice.
std::optional<AnswerJson> read_answer_json(std::string_view body);

}  // namespace ecoauth
