// What leaves the client: values that the receiver owns. The C interface wraps them one to one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ecoauth {

using OperationId = int64_t;

struct Token {
  Secret header;  ///< "Bearer " and the access token
  int64_t generation = 0;
  int64_t valid_ms = 0;  ///< when it was handed out
  std::string scope;
};

struct Response {
  int32_t http_status = 0;
  int32_t api_status = -1;
  Secret body;
  std::string content_type;
};

/// How an operation ended: what its blocking form returns and its COMPLETED event carries.
struct Outcome {
  int32_t result = 0;
  std::optional<Error> error;  ///< for negative results
  std::shared_ptr<const Token> token;
  std::shared_ptr<const Response> response;
  Secret address;  ///< of authorize_url: the address to open
};

/// Kinds are the numbers of ECOAUTH_EVENT_*; which members a kind uses is written in <ecoauth/event.h>.
struct Event {
  int32_t kind = 0;
  std::string account_key;
  OperationId operation = 0;
  Outcome outcome;  ///< COMPLETED; its error also for STATE and UNSAVED
  Secret pin;
  std::string verification_url;
  int64_t remaining_ms = 0;
  int32_t state = 0;
  int32_t flags = 0;
  int64_t generation = 0;
  std::string text;
  int32_t log_level = 0;
  int64_t dropped = 0;
  Secret data;
};

/// Members as in <ecoauth/status.h>.
struct Status {
  int64_t revision = 0;
  int32_t grant_state = 0;
  std::string reason;
  int32_t flags = 0;
  int64_t generation = 0;
  int64_t token_valid_ms = 0;
  int64_t token_age_ms = -1;
  int64_t next_try_ms = -1;
  int64_t pin_valid_ms = 0;
  std::string scope_granted;
  std::string scope_asked;
  int32_t scope_satisfied = -1;
  std::string account_key;
  std::string origin;
  std::string client_fingerprint;
  std::string store;
  std::string seal;
};

}  // namespace ecoauth
