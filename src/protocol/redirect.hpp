// Authorizing by a browser (protocol.md 4; RFC 6749 sections 4.1 and 4.2): where it may be sent back to, and what the
// address says to which it was sent back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "protocol/answers.hpp"
#include "protocol/record.hpp"

namespace ecoauth {

/// May a browser be sent back to this address? By ecobee's rules: https, no port, no query, at most 255 characters.
/// Towards a server on this machine (`loopback_server`) also a port, and plain http to this machine. The error says
/// which rule.
std::optional<Error> check_redirect_uri(std::string_view redirect_uri, bool loopback_server);

/// The address to which the browser was sent back, taken apart.
struct Redirect {
  std::string place;  ///< without query and fragment, as normal_place() spells it
  Secret state, code, access_token;
  std::string token_type, expires_in, scope;
  std::string error, error_description, error_uri;
};

/// Parameters are found in the query and in the fragment; unknown ones do not matter. INVALID_ARGUMENT for what is no
/// web address, or says something twice.
Result<Redirect> parse_redirect(std::string_view address);

/// An address without query and fragment, in one spelling: small scheme and host, no usual port, no empty path. Empty
/// for what is no web address.
std::string normal_place(std::string_view address);

/// Why this redirect cannot be the answer to that authorization; nothing has happened then, and `pending` goes on
/// waiting. The `state` is compared in constant time and before anything else.
std::optional<Error> redirect_mismatch(const Redirect& redirect, const Pending& pending);

/// What the server says in a redirect that matches: its error by the table of answers, or the token of a utility
/// account. Empty for a code, which is to be exchanged.
std::optional<Classified> redirect_answer(const Redirect& redirect, const Pending& pending);

}  // namespace ecoauth
