#include "bench/kernels/options.h"

#include <charconv>
#include <regex>
#include <span>
#include <string_view>

#include "kernels/base/parallel.h"

namespace ink::bench {
namespace {

Error bad(std::string_view name, std::string_view expected, std::string_view found) {
  return {ErrorKind::usage, std::string(name) + ": expected " + std::string(expected) + ", found \"" +
                                std::string(found) + "\""};
}

template <class Number>
Result<Number> parse_number(std::string_view name, std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
    return bad(name, "a number from " + std::to_string(least) + " to " + std::to_string(most), text);
  return value;
}

Result<std::set<Isa>> parse_isas(std::string_view text) {
  if (text == "best") return std::set<Isa>{};
  const std::span<const Isa> supported = supported_isas();
  if (text == "all") {
    std::set<Isa> all(supported.begin(), supported.end());
    if (all.size() > 1) all.erase(Isa::reference);
    return all;
  }
  std::string names = "best, all";
  for (const Isa isa : supported) {
    if (text == isa_name(isa)) return std::set<Isa>{isa};
    names += std::string(", ") + isa_name(isa);
  }
  return bad("--isa", "one of " + names, text);
}

Result<std::set<int>> parse_threads(std::string_view text) {
  constexpr int kMost = 1024;
  std::set<int> threads;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    INK_TRY(const int count, parse_number<int>("--thread-counts", text.substr(0, comma), 1, kMost));
    threads.insert(count);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return threads;
}

Result<Format> parse_format(std::string_view text) {
  if (text == "md") return Format::markdown;
  if (text == "csv") return Format::csv;
  if (text == "json") return Format::json;
  return bad("-o", "md, csv or json", text);
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  options.threads = {1, default_threads()};
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const std::string value = equals == std::string::npos ? std::string() : argument.substr(equals + 1);
    if (name == "--filter") {
      try {
        static_cast<void>(std::regex(value));
      } catch (const std::regex_error&) {
        return bad("--filter", "a regular expression", value);
      }
      options.filter = value;
    } else if (name == "--isa") {
      INK_TRY(options.isas, parse_isas(value));
    } else if (name == "--thread-counts") {
      INK_TRY(options.threads, parse_threads(value));
    } else if (name == "--rounds") {
      INK_TRY(options.rounds, parse_number<int>(name, value, 1, 1000));
    } else if (name == "--seconds") {
      INK_TRY(options.seconds, parse_number<double>(name, value, 1e-3, 1e3));
    } else if (name == "--format") {
      INK_TRY(options.format, parse_format(value));
    } else if (name == "--list") {
      options.list = true;
    } else if (name == "--once") {
      options.once = true;
    } else {
      return Error{ErrorKind::usage,
                   "unknown argument \"" + argument + "\"; start it as inkstone bench kernels"};
    }
  }
  return options;
}

}  // namespace ink::bench
