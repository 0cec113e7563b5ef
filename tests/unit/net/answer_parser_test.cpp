// The parser alone: every prefix, every split, and what a hostile peer may write.
#include "net/answer_parser.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "call.hpp"

using namespace ecoauth;
using F = HttpFailure;

namespace {

struct Parsed {
  bool ok = false;
  F failure = F::none;
  HttpResult result;
};

enum class Ending { clean, cut, broken };

Parsed parse(std::string_view bytes, Ending ending = Ending::clean, size_t piece = 1 << 20, size_t cap = 64 * 1024) {
  AnswerParser parser(cap, false);
  for (size_t at = 0; at < bytes.size() && !parser.finished(); at += piece) parser.take(bytes.substr(at, piece));
  if (ending == Ending::broken)
    parser.broken();
  else
    parser.end(ending == Ending::clean);
  Parsed out{parser.ok(), parser.failure().kind, {}};
  BOOST_TEST(parser.finished());
  parser.give(out.result);
  return out;
}

const std::string head = "HTTP/1.1 200 OK\r\n";
const std::string with_length =
    head + "Content-Type: application/json\r\nContent-Length: 11\r\nDate: now\r\n\r\n{\"a\": \"bc\"}";
const std::string with_chunks =
    head + "Transfer-Encoding: chunked\r\n\r\n4;x=y\r\n{\"a\"\r\n7\r\n: \"bc\"}\r\n0\r\n\r\n";
const std::string until_end = head + "Content-Type: application/json\r\n\r\n{\"a\": \"bc\"}";
const std::string after_interim = "HTTP/1.1 100 Continue\r\nDate: then\r\n\r\n" + with_length;
const std::string with_bare_line_feeds = "HTTP/1.1 200 OK\nContent-Length: 11\n\n{\"a\": \"bc\"}";

}  // namespace

BOOST_AUTO_TEST_SUITE(answer_parser)

BOOST_AUTO_TEST_CASE(the_same_answer_in_every_framing_and_every_split) {
  for (const std::string& answer : {with_length, with_chunks, until_end, after_interim, with_bare_line_feeds})
    for (size_t piece = 1; piece <= answer.size(); ++piece) {
      Parsed parsed = parse(answer, Ending::clean, piece);
      BOOST_TEST_INFO(answer << " in pieces of " << piece);
      BOOST_TEST(parsed.ok);
      BOOST_TEST(parsed.result.status == 200);
      BOOST_TEST(parsed.result.body.reveal() == "{\"a\": \"bc\"}");
    }
}

BOOST_AUTO_TEST_CASE(no_proper_prefix_is_complete) {
  for (const std::string& answer : {with_length, with_chunks, after_interim, with_bare_line_feeds})
    for (size_t size = 0; size < answer.size(); ++size)
      for (Ending ending : {Ending::clean, Ending::cut, Ending::broken}) {
        Parsed parsed = parse(std::string_view(answer).substr(0, size), ending);
        BOOST_TEST_INFO(answer.substr(0, size));
        if (answer == with_chunks && size >= answer.size() - 4 + 2) continue;  // the last chunk's line is over
        BOOST_TEST(!parsed.ok);
        bool head_over = parsed.result.status && size > answer.find("\n{") && size > answer.find("chunked\r\n\r\n");
        if (ending == Ending::broken || size == 0)
          BOOST_TEST(parsed.failure == F::reset);
        else
          BOOST_TEST((parsed.failure == F::truncated || parsed.failure == F::reset));
        if (head_over && ending != Ending::broken) BOOST_TEST(parsed.failure == F::truncated);
      }
}

BOOST_AUTO_TEST_CASE(an_answer_that_ends_with_the_connection_needs_an_end_that_cannot_be_forged) {
  BOOST_TEST(parse(until_end, Ending::clean).ok);
  BOOST_TEST(parse(until_end, Ending::cut).failure == F::truncated);
  BOOST_TEST(parse(until_end, Ending::broken).failure == F::reset);
}

BOOST_AUTO_TEST_CASE(what_was_received_of_a_short_body_is_kept) {
  BOOST_TEST(parse(with_length.substr(0, with_length.size() - 3)).result.body.reveal() == "{\"a\": \"b");
  BOOST_TEST(parse(with_chunks.substr(0, with_chunks.find("bc"))).result.body.reveal() == "{\"a\": \"");
}

BOOST_AUTO_TEST_CASE(the_fields_of_interest) {
  Parsed parsed =
      parse(head + "content-TYPE:  a/b \r\nRETRY-after: 5\r\nDate: D\r\nDate: other\r\nX: \x80\xff\r\n\r\n");
  BOOST_TEST(parsed.ok);
  BOOST_TEST(parsed.result.content_type == "a/b");
  BOOST_TEST(parsed.result.retry_after == "5");
  BOOST_TEST(parsed.result.date == "D");
  BOOST_TEST(parse(after_interim).result.date == "now");  // not the interim answer's
}

BOOST_AUTO_TEST_CASE(answers_without_a_body) {
  BOOST_TEST(parse("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", Ending::broken).ok);
  BOOST_TEST(parse("HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", Ending::broken).ok);
  BOOST_TEST(parse(head + "Content-Length: 0\r\n\r\n", Ending::broken).ok);
  AnswerParser to_head(64, true);
  to_head.take(head + "Content-Length: 5\r\n\r\n");
  BOOST_TEST(to_head.ok());
}

// --- What is refused ------------------------------------------------------------------------------------------------

struct Bad {
  const char* what;
  std::string answer;
  F failure;
};
std::ostream& operator<<(std::ostream& out, const Bad& bad) { return out << bad.what; }

std::string field(const std::string& line) { return head + line + "\r\n\r\nbody"; }
std::string chunk(const std::string& rest) { return head + "Transfer-Encoding: chunked\r\n\r\n" + rest; }

const std::vector<Bad> bad_answers = {
    {"HTTP/0.9", "<html>hello</html>", F::malformed},
    {"junk", std::string("\x16\x03\x01\x00\x00 junk", 11), F::malformed},
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n", F::malformed},
    {"endless junk without a line", std::string(4096, 'x'), F::malformed},
    {"HTTP/2", "HTTP/2 200\r\n\r\n", F::malformed},
    {"HTTP/1.", "HTTP/1. 200 OK\r\n\r\n", F::malformed},
    {"status 0", "HTTP/1.1 000 OK\r\n\r\n", F::malformed},
    {"status 99", "HTTP/1.1 099 OK\r\n\r\n", F::malformed},
    {"status 600", "HTTP/1.1 600 OK\r\n\r\n", F::malformed},
    {"status 999", "HTTP/1.1 999 OK\r\n\r\n", F::malformed},
    {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", F::malformed},
    {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", F::malformed},
    {"negative status", "HTTP/1.1 -20 OK\r\n\r\n", F::malformed},
    {"no status", "HTTP/1.1\r\n\r\n", F::malformed},
    {"NUL in the status line", std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20), F::malformed},
    {"protocol change", "HTTP/1.1 101 Switching\r\n\r\n", F::malformed},
    {"status line without end", "HTTP/1.1 200 " + std::string(2000, 'a'), F::too_large},
    {"NUL in a value", field(std::string("X: a\0b", 6)), F::malformed},
    {"NUL in a name", field(std::string("X\0: a", 5)), F::malformed},
    {"escape in a value", field("X: \x1b[2J"), F::malformed},
    {"CR alone in a value", field("X: a\rContent-Length: 4"), F::malformed},
    {"two CRs", field("X: a\r"), F::malformed},
    {"folded field", field("X: a\r\n b"), F::malformed},
    {"no colon", field("X"), F::malformed},
    {"no name", field(": x"), F::malformed},
    {"space before the colon", field("Content-Length : 4"), F::malformed},
    {"negative length", field("Content-Length: -4"), F::malformed},
    {"signed length", field("Content-Length: +4"), F::malformed},
    {"hexadecimal length", field("Content-Length: 0x4"), F::malformed},
    {"empty length", field("Content-Length:"), F::malformed},
    {"list of lengths", field("Content-Length: 4, 4"), F::malformed},
    {"two lengths", field("Content-Length: 4\r\nContent-Length: 4"), F::malformed},
    {"two other lengths", field("Content-Length: 4\r\nContent-Length: 5"), F::malformed},
    {"length beyond 64 bits", field("Content-Length: 99999999999999999999"), F::malformed},
    {"length and chunks", field("Content-Length: 4\r\nTransfer-Encoding: chunked"), F::malformed},
    {"chunks and length", field("Transfer-Encoding: chunked\r\nContent-Length: 4"), F::malformed},
    {"chunked twice", field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), F::malformed},
    {"gzip, chunked", field("Transfer-Encoding: gzip, chunked"), F::malformed},
    {"chunked, identity", field("Transfer-Encoding: chunked, identity"), F::malformed},
    {"chunks of HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", F::malformed},
    {"gzip", field("Content-Encoding: gzip"), F::malformed},
    {"br", field("Content-Encoding: br\r\nContent-Length: 4"), F::malformed},
    {"deflate bomb", field("Content-Encoding: deflate") + std::string(100000, '\0'), F::malformed},
    {"too many fields",
     head +
         [] {
           std::string s;
           for (int i = 0; i < 65; ++i) s += "a: b\r\n";
           return s;
         }(),
     F::too_large},
    {"header too large", head + "X: " + std::string(17 * 1024, 'x'), F::too_large},
    {"endless interim answers",
     [] {
       std::string s;
       for (int i = 0; i < 1000; ++i) s += "HTTP/1.1 100 C\r\n\r\n";
       return s;
     }(),
     F::too_large},
    {"body over its cap", head + "Content-Length: 70000\r\n\r\n" + std::string(70000, 'x'), F::too_large},
    {"endless body", until_end + std::string(70000, 'x'), F::too_large},
    {"empty chunk length", chunk("\r\nbody"), F::malformed},
    {"negative chunk", chunk("-1\r\nbody"), F::malformed},
    {"chunk with 0x", chunk("0x4\r\nbody\r\n"), F::malformed},
    {"chunk of letters", chunk("zz\r\nbody"), F::malformed},
    {"chunk length beyond 32 bits", chunk("100000000\r\n"), F::malformed},
    {"chunk longer than announced", chunk("2\r\nbody\r\n0\r\n\r\n"), F::malformed},
    {"endless chunk line", chunk("4;" + std::string(300, 'x')), F::too_large},
    {"chunks over the cap", chunk("ffffff\r\n" + std::string(70000, 'x')), F::too_large},
};

BOOST_DATA_TEST_CASE(refused_in_every_split, boost::unit_test::data::make(bad_answers), bad) {
  for (size_t piece : {1u, 7u, 1u << 20}) {
    Parsed parsed = parse(bad.answer, Ending::clean, piece);
    BOOST_TEST(!parsed.ok);
    BOOST_TEST(parsed.failure == bad.failure);
  }
}

BOOST_AUTO_TEST_CASE(a_refused_head_still_yields_its_body_for_salvage) {
  Parsed parsed = parse(head + "Content-Encoding: nonsense\r\n\r\n{\"refresh_token\": \"x\"}");
  BOOST_TEST(parsed.failure == F::malformed);
  BOOST_TEST(parsed.result.status == 200);
  BOOST_TEST(parsed.result.body.reveal() == "{\"refresh_token\": \"x\"}");
}

BOOST_AUTO_TEST_CASE(what_is_said_about_a_peer_holds_no_byte_that_could_harm_a_terminal) {
  AnswerParser parser(64, false);
  parser.take(head + "Content-Encoding: \xc2\x9b" + std::string(200, 'x') + "\r\n\r\n");
  parser.end(true);
  BOOST_TEST(parser.failure().detail.size() < 120);
  for (unsigned char c : parser.failure().detail) BOOST_TEST((c >= 0x20 && c < 0x7f));
}

BOOST_AUTO_TEST_SUITE_END()
