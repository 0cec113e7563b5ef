#include "protocol/requests.hpp"

#include "protocol/form.hpp"

namespace ecoauth {
namespace {

OutgoingRequest token_request(std::string_view grant_type, std::string_view credential_name, const Secret& credential,
                              const Secret& client_id, const RequestSettings& settings) {
  Secret parameters;
  if (settings.style == ParameterStyle::query) parameters.append("/token?");
  append_parameter(parameters, "grant_type", grant_type);
  append_parameter(parameters, credential_name, credential.reveal());
  append_parameter(parameters, "client_id", client_id.reveal());
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

OutgoingRequest refresh_request(const Secret& client_id, const Secret& refresh_token, const RequestSettings& settings) {
  return token_request("refresh_token", "refresh_token", refresh_token, client_id, settings);
}

}  // namespace ecoauth
