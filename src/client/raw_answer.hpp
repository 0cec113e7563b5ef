// From what the transport delivered to what the table of answers reads.
#pragma once

#include "net/http_transport.hpp"
#include "protocol/answers.hpp"

namespace ecoauth {

/// Borrows the bytes of `result`.
RawAnswer raw_answer(const HttpResult& result);

}  // namespace ecoauth
