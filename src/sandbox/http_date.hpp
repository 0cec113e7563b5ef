// The form of times in HTTP headers (RFC 9110 section 5.6.7).
#pragma once

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>

#include <cstdint>
#include <string>

namespace ecoauth::sandbox {

inline std::string http_date(int64_t at_ms) {
  return Poco::DateTimeFormatter::format(Poco::Timestamp(at_ms * 1000), Poco::DateTimeFormat::HTTP_FORMAT);
}

}  // namespace ecoauth::sandbox
