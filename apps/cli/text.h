#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "weights/message.h"

namespace ink::cli {

// Names and messages may hold any bytes. For a terminal: control characters and bytes that are not UTF-8 as
// \xHH, so that a file name can neither break a line nor steer the terminal.
std::string printable(std::string_view text);

// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
  JsonObject& number(std::string_view key, int64_t value) { return raw(key, std::to_string(value)); }
  // Rounded to three decimals; null where it is not finite.
  JsonObject& number(std::string_view key, double value);
  JsonObject& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  JsonObject& raw(std::string_view key, std::string_view json);
  std::string str() const { return concat("{", body_, "}"); }

 private:
  std::string body_;
};

std::string json_array(const std::vector<std::string>& items);
// The shortest number that reads back as the same float.
std::string json_number(float value);
std::string json_array(std::span<const float> values);

// "512M", "1.5G", "800k" or plain bytes; the letters are powers of 1024, an "iB" or "B" may follow. Error:
// usage.
Result<uint64_t> parse_size(std::string_view text);
// "1.2 GiB".
std::string size_text(uint64_t bytes);

// With `digits` after the point, whatever the locale.
std::string decimals(double value, int digits);

// A whole number and nothing else. Error: usage, naming `what`.
Result<int> parse_int(std::string_view text, std::string_view what, int least, int most);

std::string join(const std::vector<std::string>& parts, std::string_view between);
std::vector<std::string> split(std::string_view text, char at);

}  // namespace ink::cli
