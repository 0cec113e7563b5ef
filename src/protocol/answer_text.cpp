#include "protocol/answer_text.hpp"

#include "base/text.hpp"

namespace ecoauth {
namespace {

const char* subject(AnswerContext context) {
  switch (context) {
    case AnswerContext::poll:
      return "the PIN";
    case AnswerContext::exchange:
      return "the authorization code";
    case AnswerContext::refresh:
      return "the refresh token";
    case AnswerContext::authorize:
      return "the request for a PIN";
    case AnswerContext::request:
      return "the access token";
  }
  return "the request";
}

std::string by_name(const AnswerFacts& facts) { return " (" + facts.error + ")"; }

std::string of_error(const AnswerRow& row, const AnswerFacts& facts) {
  switch (row.answer_class) {
    case AnswerClass::keep_waiting:
      return "the user has not approved the PIN yet";
    case AnswerClass::slow_down:
      return "the server asks for slower polling";
    case AnswerClass::pin_expired:
      return "the PIN was not approved in time" + by_name(facts);
    case AnswerClass::declined:
      return "the user declined the authorization" + by_name(facts);
    case AnswerClass::client_refused:
      return "the server refuses the client id (application key)" + by_name(facts);
    case AnswerClass::account_locked:
      return "the user's ecobee account is locked" + by_name(facts);
    case AnswerClass::refused:
      if (facts.context == AnswerContext::poll) return "the PIN was not approved in time" + by_name(facts);
      return "the server refuses " + std::string(subject(facts.context)) + by_name(facts);
    default:
      break;
  }
  switch (row.code) {
    case ECOAUTH_ERROR_UNAUTHORIZED_CLIENT:
      return "the client id (application key) may not use this kind of authorization" + by_name(facts);
    case ECOAUTH_ERROR_SCOPE:
      return "the server refuses the scope" + by_name(facts);
    case ECOAUTH_ERROR_ACCOUNT_DISABLED:
      return "the user's ecobee account is disabled" + by_name(facts);
    default:
      return "the server calls the request malformed or unsupported" + by_name(facts);
  }
}

bool looks_like_html(std::string_view body) {
  const std::string start = lower_ascii(trim(body).substr(0, 16));
  return starts_with(start, "<!doctype") || starts_with(start, "<html") || starts_with(start, "<head");
}

std::string of_strange_answer(const AnswerFacts& facts) {
  const std::string status = "HTTP " + to_text(facts.status);
  if (facts.api_status >= 0) return "the server failed with API status " + to_text(facts.api_status) + ", " + status;
  if (facts.status >= 300 && facts.status < 400)
    return "the server redirects (" + status + "), which is not followed: something else answers at its address";
  std::string what = trim(facts.body).empty()      ? "an empty answer"
                     : looks_like_html(facts.body) ? "a web page"
                     : facts.status / 100 == 2     ? "an answer without what it must contain"
                                                   : "an answer that is not understood";
  return "the server sent " + what + " (" + status + ")" + (facts.error.empty() ? "" : ": " + facts.error);
}

std::string with_detail(std::string what, const AnswerFacts& facts) {
  return facts.detail.empty() ? what : what + ": " + facts.detail;
}

}  // namespace

std::string what_happened(const AnswerRow& row, const AnswerFacts& facts) {
  switch (row.kind) {
    case AnswerKind::oauth_error:
      return of_error(row, facts);
    case AnswerKind::other_oauth_error:
      return "the server answered an unknown error" + by_name(facts);
    case AnswerKind::throttled:
      return "the server asks for fewer requests (HTTP " + to_text(facts.status) + ")";
    case AnswerKind::not_ours:
      return of_strange_answer(facts);
    case AnswerKind::cut_off:
      return with_detail("the answer did not arrive completely", facts);
    case AnswerKind::salvaged:
      return "the answer was unusable; only the refresh token in it could be saved";
    case AnswerKind::unreachable:
      return with_detail("the server could not be reached", facts);
    case AnswerKind::tls_failed:
      return with_detail("no secure connection to the server", facts);
    case AnswerKind::certificate_time:
      return with_detail("the server's certificate is not valid at this time", facts);
    case AnswerKind::given_up:
      return "the request was cancelled";
    case AnswerKind::api_expired:
      return "the server refuses the access token as expired";
    case AnswerKind::api_refused:
      return "the server refuses the access token (API status 1)";
    case AnswerKind::api_revoked:
      return facts.api_status == 2 ? "the application has been revoked (API status 2)"
                                   : "the user removed the application (API status 16)";
    case AnswerKind::api_other:
      return "the API answered HTTP " + to_text(facts.status);
  }
  return "the server answered HTTP " + to_text(facts.status);
}

std::string what_to_do(const AnswerRow& row, const AnswerFacts& facts) {
  if (row.answer_class == AnswerClass::keep_waiting || row.answer_class == AnswerClass::slow_down)
    return "Enter the PIN in the ecobee portal, under My Apps.";
  if (row.code == ECOAUTH_PENDING) return "Wait; polling goes on with the same PIN.";
  switch (row.kind) {
    case AnswerKind::other_oauth_error:
      return "Wait; the tokens are kept and the request is tried again. Report the server's words if it stays.";
    case AnswerKind::salvaged:
      return "Wait; a new access token is asked for with the saved refresh token.";
    case AnswerKind::certificate_time:
      return "Check this machine's date and time; if they are right, wait until the server's certificate has been "
             "replaced.";
    case AnswerKind::api_expired:
      return "Wait; the access token is refreshed and the request repeated once.";
    case AnswerKind::api_revoked:
      if (facts.api_status == 2)
        return "Authorize again if the access is still wanted. The application key may have been disabled by ecobee "
               "and "
               "cannot be replaced.";
      return {};
    default:
      return {};
  }
}

}  // namespace ecoauth
