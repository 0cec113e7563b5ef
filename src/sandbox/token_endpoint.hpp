// GET /authorize (PIN) and /token, as ecobee speaks them.
#pragma once

#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

/// `outcome` is what the log notes: "ok", "pin", or the error's name.
Response answer_authorize_pin(World& world, const Request& request, std::string& outcome);
Response answer_token(World& world, const Request& request, std::string& outcome);

/// The error object of both endpoints, with the three members every captured one had.
Response error_response(int status, const std::string& error, const std::string& description);

}  // namespace ecoauth::sandbox
