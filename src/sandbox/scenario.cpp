#include "sandbox/scenario.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "base/text.hpp"
#include "sandbox/control.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr double longest_s = 366.0 * 86400;

int64_t milliseconds(const std::string& text) {
  double seconds = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !(seconds >= 0 && seconds <= longest_s))
    throw std::runtime_error("after \"at\" comes a number of seconds");
  return static_cast<int64_t>(std::llround(seconds * 1000));
}
}  // namespace

Scenario::Step Scenario::parse(const std::string& text, int64_t start_ms) {
  std::deque<std::string> words;
  for (std::string& each : split(text, " \t\r")) {
    if (each.front() == '#') break;
    words.push_back(std::move(each));
  }
  const auto take = [&](const char* missing) {
    if (words.empty()) throw std::runtime_error(missing);
    std::string word = std::move(words.front());
    words.pop_front();
    return word;
  };
  Step step;
  const std::string when = take("a step is missing");
  if (when == "at") {
    step.at_ms = start_ms + milliseconds(take("after \"at\" comes a number of seconds"));
  } else if (when == "on") {
    const auto number = parse_int(take("after \"on\" comes the number of a request"));
    const std::string where = take("after the number comes token, authorize or api");
    for (const Endpoint each : {Endpoint::token, Endpoint::authorize, Endpoint::api})
      if (where == endpoint_name(each)) step.endpoint = each;
    if (!number || *number < 1) throw std::runtime_error("after \"on\" comes the number of a request");
    if (step.endpoint == Endpoint::other) throw std::runtime_error("after the number comes token, authorize or api");
    step.request = *number;
  } else {
    throw std::runtime_error("a step begins with \"at SECONDS\" or \"on N token|authorize|api\"");
  }
  step.method = "POST";
  std::string call = take("the step says when, but not what");
  if (call == "DELETE") {
    step.method = call;
    call = take("DELETE what?");
  }
  step.path = "/sandbox/" + call;
  if (!is_control_call(step.method, step.path)) throw std::runtime_error("the control API has no call " + call);
  for (const std::string& each : words) step.parameters += (step.parameters.empty() ? "" : "&") + each;
  return step;
}

std::string Scenario::run(const Step& step, World& world, int& status) {
  Request request;
  request.method = step.method;
  request.path = step.path;
  request.well_formed = request.form.add_encoded(step.parameters);
  std::string ignored;
  Response response = answer_control(world, request, ignored);
  status = response.status;
  if (status == 200) return "";
  const Json* message = response.content ? response.content->find("message") : nullptr;
  return message ? message->scalar().substr(1, message->scalar().size() - 2) : "it cannot be done";
}

Scenario Scenario::read(const std::string& path, World& trial, int64_t start_ms) {
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path))
    throw std::runtime_error("the scenario " + path + " cannot be read");
  Scenario scenario;
  std::string text;
  for (int64_t line = 1; std::getline(file, text); ++line) {
    if (trim(text).empty() || trim(text).front() == '#') continue;
    const std::string where = path + ":" + to_text(line);
    try {
      Step step = parse(text, start_ms);
      step.line = where;
      int status = 0;
      // That a PIN or a grant is not there yet is no mistake.
      const std::string wrong = run(step, trial, status);
      if (status != 200 && status != 404) throw std::runtime_error(wrong);
      if (step.request)
        scenario.by_request_.push_back(std::move(step));
      else
        scenario.by_time_.push_back(std::move(step));
    } catch (const std::runtime_error& problem) {
      throw std::runtime_error(where + ": " + problem.what());
    }
  }
  std::stable_sort(scenario.by_time_.begin(), scenario.by_time_.end(),
                   [](const Step& a, const Step& b) { return a.at_ms < b.at_ms; });
  return scenario;
}

std::optional<int64_t> Scenario::next_ms() const {
  if (by_time_.empty()) return std::nullopt;
  return by_time_.front().at_ms;
}

void Scenario::run_and_warn(const Step& step, World& world) {
  int status = 0;
  const std::string wrong = run(step, world, status);
  if (!wrong.empty()) std::cerr << "ecoauth-sandbox: WARNING: " << step.line << ": " << wrong << std::endl;
}

void Scenario::run_next(World& world) {
  const Step step = std::move(by_time_.front());
  by_time_.pop_front();
  run_and_warn(step, world);
}

void Scenario::run_before_request(World& world, Endpoint endpoint) {
  if (by_request_.empty()) return;
  const int64_t number = ++requests_[endpoint];
  for (const Step& each : by_request_)
    if (each.endpoint == endpoint && each.request == number) run_and_warn(each, world);
}

}  // namespace ecoauth::sandbox
