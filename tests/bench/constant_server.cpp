// The floor for the sandbox: POCO's HTTP server as it comes, answering every request with the same bytes.
//
// usage: constant_server BODY_BYTES     prints its port; ends with its standard input
// SPDX-License-Identifier: MIT
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace net = Poco::Net;

namespace {
class Handler final : public net::HTTPRequestHandler {
 public:
  explicit Handler(const std::string& body) : body_(body) {}
  void handleRequest(net::HTTPServerRequest& request, net::HTTPServerResponse& response) override {
    request.stream().ignore(1 << 20);
    response.setContentType("application/json;charset=UTF-8");
    response.set("Cache-Control", "no-store");
    response.sendBuffer(body_.data(), body_.size());
  }

 private:
  const std::string& body_;
};

class Factory final : public net::HTTPRequestHandlerFactory {
 public:
  explicit Factory(std::string body) : body_(std::move(body)) {}
  net::HTTPRequestHandler* createRequestHandler(const net::HTTPServerRequest&) override { return new Handler(body_); }

 private:
  const std::string body_;
};
}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  net::ServerSocket socket(net::SocketAddress("127.0.0.1", 0));
  net::HTTPServer server(new Factory(std::string(static_cast<size_t>(std::atoi(argv[1])), 'x')), socket,
                         new net::HTTPServerParams);
  server.start();
  std::cout << socket.address().port() << std::endl;
  std::cin.ignore(1);
  server.stop();
  return 0;
}
