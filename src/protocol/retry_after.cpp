#include <Poco/DateTime.h>
#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>
#include <Poco/Exception.h>

#include <algorithm>

#include "base/text.hpp"
#include "protocol/answers.hpp"

namespace ecoauth {
namespace {

constexpr int64_t least_ms = 1000;
constexpr int64_t most_ms = int64_t{6} * 3600 * 1000;

/// The three forms of RFC 9110 section 5.6.7, in milliseconds since 1970.
std::optional<int64_t> http_date_ms(std::string_view text) {
  const std::string date(trim(text));
  // POCO's parser skips what it does not understand, so the shape is checked first: a clock time must be there, and
  // nothing but what dates are made of.
  if (date.size() < 20 || date.size() > 40 || date.find(':') == std::string::npos) return std::nullopt;
  const bool rfc850 = date.find('-') != std::string::npos;
  const bool asctime = date.find(',') == std::string::npos;
  // Nor does it look at what follows.
  if (asctime ? date.size() != 24 : date.substr(date.size() - 4) != " GMT") return std::nullopt;
  const std::string& format = asctime  ? Poco::DateTimeFormat::ASCTIME_FORMAT
                              : rfc850 ? Poco::DateTimeFormat::RFC850_FORMAT
                                       : Poco::DateTimeFormat::HTTP_FORMAT;
  try {
    Poco::DateTime moment;
    int zone_s = 0;
    if (!Poco::DateTimeParser::tryParse(format, date, moment, zone_s)) return std::nullopt;
    return moment.timestamp().epochMicroseconds() / 1000;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  }
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

int64_t retry_after_ms(std::string_view retry_after, std::string_view date) {
  retry_after = trim(retry_after);
  if (retry_after.empty()) return 0;
  if (all_digits(retry_after)) {
    const auto seconds = parse_int(retry_after);
    if (!seconds || *seconds > most_ms / 1000) return most_ms;
    return std::max(least_ms, *seconds * 1000);
  }
  const auto until = http_date_ms(retry_after);
  const auto now = http_date_ms(date);
  if (!until || !now) return 0;
  return std::clamp(*until - *now, least_ms, most_ms);
}

}  // namespace ecoauth
