#include "protocol/requests.hpp"

#include <initializer_list>

#include "base/digest.hpp"
#include "protocol/form.hpp"

namespace ecoauth {
namespace {

struct Parameter {
  std::string_view name, value;
};

OutgoingRequest token_request(std::string_view grant_type, std::string_view credential_name, const Secret& credential,
                              const Secret& client_id, const RequestSettings& settings,
                              std::initializer_list<Parameter> more = {}) {
  Secret parameters;
  if (settings.style == ParameterStyle::query) parameters.append("/token?");
  append_parameter(parameters, "grant_type", grant_type);
  append_parameter(parameters, credential_name, credential.reveal());
  append_parameter(parameters, "client_id", client_id.reveal());
  for (const Parameter& parameter : more)
    if (!parameter.value.empty()) append_parameter(parameters, parameter.name, parameter.value);
  if (!settings.token_format.empty()) append_parameter(parameters, "ecobee_type", settings.token_format);

  OutgoingRequest request;
  request.method = "POST";
  if (settings.style == ParameterStyle::query) {
    request.target = std::move(parameters);
  } else {
    request.target = Secret("/token");
    request.content_type = "application/x-www-form-urlencoded";
    request.body = std::move(parameters);
  }
  return request;
}

}  // namespace

OutgoingRequest pin_request(const Secret& client_id, std::string_view scope, const RequestSettings&) {
  OutgoingRequest request;
  request.method = "GET";
  request.target = Secret("/authorize?");
  append_parameter(request.target, "response_type", "ecobeePin");
  append_parameter(request.target, "client_id", client_id.reveal());
  const std::string csv = scope_to_csv(scope);
  if (!csv.empty()) append_parameter(request.target, "scope", csv);  // utility accounts have none
  return request;
}

OutgoingRequest pin_exchange_request(const Secret& client_id, const Secret& code, const RequestSettings& settings) {
  return token_request("ecobeePin", "code", code, client_id, settings);
}

Secret authorization_address(const Origin& origin, const Secret& client_id, const Pending& pending) {
  const bool utility = pending.flow == "utility";
  Secret address(origin.text());
  address.append("/authorize?");
  append_parameter(address, "response_type", utility ? "token" : "code");
  append_parameter(address, "client_id", client_id.reveal());
  append_parameter(address, "redirect_uri", pending.redirect_uri);
  const std::string csv = utility ? std::string() : scope_to_csv(pending.scope);
  if (!csv.empty()) append_parameter(address, "scope", csv);
  append_parameter(address, "state", pending.state.reveal());
  if (!utility && !pending.verifier.empty()) {
    append_parameter(address, "code_challenge", to_base64url(sha256(pending.verifier.reveal())));
    append_parameter(address, "code_challenge_method", "S256");
  }
  return address;
}

OutgoingRequest code_exchange_request(const Secret& client_id, const Secret& code, std::string_view redirect_uri,
                                      const Secret& verifier, const RequestSettings& settings) {
  return token_request("authorization_code", "code", code, client_id, settings,
                       {{"redirect_uri", redirect_uri}, {"code_verifier", verifier.reveal()}});
}

OutgoingRequest refresh_request(const Secret& client_id, const Secret& refresh_token, const RequestSettings& settings) {
  return token_request("refresh_token", "refresh_token", refresh_token, client_id, settings);
}

}  // namespace ecoauth
