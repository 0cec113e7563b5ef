// The requests to the authorization server (protocol.md 3.1, 3.4, 4.1, 4.4, 5.1). Pure.
#pragma once

#include <optional>
#include <string>

#include "base/origin.hpp"
#include "base/secret.hpp"
#include "protocol/record.hpp"

namespace ecoauth {

/// Where the parameters of POST /token travel. The body keeps secrets out of URLs; query is for servers that insist.
enum class ParameterStyle : int32_t { body = 0, query = 1 };

/// What is to be sent; the transport's own request is made from it.
struct OutgoingRequest {
  std::string method;        ///< "GET" or "POST"
  Secret target;             ///< path and query
  std::string content_type;  ///< empty without a body
  Secret body;
};

struct RequestSettings {
  ParameterStyle style = ParameterStyle::body;
  std::string token_format = "jwt";  ///< the parameter `ecobee_type`; empty: not sent
};

/// Accepts CSV or blanks and yields CSV, in order and without repetitions: what ecobee expects.
std::string scope_to_csv(std::string_view scope);

/// Is every asked scope among the granted ones, smartWrite being smartRead too? Both in CSV or blanks, any order.
bool scope_covers(std::string_view granted, std::string_view asked);

/// Those of `scope` that ecobee does not document, in CSV: sent all the same.
std::string unknown_scopes(std::string_view scope);

/// GET /authorize?response_type=ecobeePin
OutgoingRequest pin_request(const Secret& client_id, std::string_view scope, const RequestSettings& settings);
/// POST /token, grant_type=ecobeePin
OutgoingRequest pin_exchange_request(const Secret& client_id, const Secret& code, const RequestSettings& settings);
/// The address of GET /authorize for a browser, by the flow of `pending`: "code" (with S256 of RFC 7636 when there is a
/// verifier) or "utility" (the implicit grant, without scope; ecobee publishes no parameters for it). Holds the client
/// id.
Secret authorization_address(const Origin& origin, const Secret& client_id, const Pending& pending);
/// POST /token, grant_type=authorization_code; `verifier` empty: without PKCE
OutgoingRequest code_exchange_request(const Secret& client_id, const Secret& code, std::string_view redirect_uri,
                                      const Secret& verifier, const RequestSettings& settings);
/// POST /token, grant_type=refresh_token
OutgoingRequest refresh_request(const Secret& client_id, const Secret& refresh_token, const RequestSettings& settings);

}  // namespace ecoauth
