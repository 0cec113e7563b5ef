// The scope as ecobee rewrites it on the way: three spellings of one set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/settings.hpp"

namespace ecoauth::sandbox {

/// The single permissions of a scope as requested (CSV or spaces), in order, without the two the service adds itself.
std::vector<std::string> requested_permissions(std::string_view scope);
/// As the answer of /authorize spells it.
std::string authorize_scope(Generation generation, const std::string& requested);
/// As the answer of /token spells it.
std::string token_scope(Generation generation, const std::string& requested);
/// As the claim inside the access token spells it.
std::string claim_scope(const std::string& requested);
bool may_write(const std::string& requested);
/// For people: "See your thermostats and their readings".
std::string permission_in_words(const std::string& permission);

}  // namespace ecoauth::sandbox
