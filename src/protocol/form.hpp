// Parameters as application/x-www-form-urlencoded, written straight into a Secret so that no plain copy is left behind.
#pragma once

#include <string_view>

#include "base/secret.hpp"

namespace ecoauth {

/// Appends `text` with everything but RFC 3986's unreserved characters escaped.
void append_percent_encoded(Secret& out, std::string_view text);

/// Appends "name=value" with the value escaped, and a '&' before it when `out` ends in a parameter already.
void append_parameter(Secret& out, std::string_view name, std::string_view value);

}  // namespace ecoauth
