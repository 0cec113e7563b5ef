// What ecobee takes as a redirect address (protocol.md 4.1), and the addresses that answers are sent to.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/settings.hpp"

namespace ecoauth::sandbox {

/// Why `uri` cannot be a redirect address; empty when it can.
std::string redirect_uri_fault(std::string_view uri, const Settings& settings);

/// Whether `uri` is one of those an application registered, by the rule that is played.
bool matches_registered(std::string_view uri, const std::vector<std::string>& registered, const Settings& settings);

/// `uri` with the parameters in its query, or in its fragment; empty values are left out.
std::string with_parameters(const std::string& uri,
                            const std::vector<std::pair<const char*, std::string_view>>& parameters, bool in_fragment);

}  // namespace ecoauth::sandbox
