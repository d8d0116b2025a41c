#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"

namespace ink {

// Reads the numbers of a configuration key by key; the first thing that does not fit is kept, so that a
// configuration reads top to bottom and asks status() once at its end.
class JsonFields {
 public:
  // A text that is no JSON object makes a reader whose status() says so. `origin` starts every sentence, the
  // file and the name of the text.
  JsonFields(std::string_view json, std::string origin);
  ~JsonFields();
  JsonFields(JsonFields&&) noexcept;
  JsonFields& operator=(JsonFields&&) noexcept;

  // Keys are paths into objects, "text.width". Null counts as a key that is not there.
  bool has(std::string_view path) const;
  // What must be there.
  int integer(std::string_view path, int64_t least, int64_t most);
  double number(std::string_view path, double least, double most);
  bool flag(std::string_view path);
  std::string text(std::string_view path);
  // What is `otherwise` where it is not there.
  int integer_or(std::string_view path, int otherwise, int64_t least, int64_t most);
  double number_or(std::string_view path, double otherwise, double least, double most);
  bool flag_or(std::string_view path, bool otherwise);
  std::string text_or(std::string_view path, std::string_view otherwise);

  // Refuses with a sentence about the value of `path`.
  void refuse(std::string_view path, std::string_view expected);
  const Status& status() const { return status_; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string origin_;
  Status status_;
};

// Writes one JSON object, keys in the order of the calls.
class JsonObject {
 public:
  JsonObject& integer(std::string_view key, int64_t value);
  JsonObject& number(std::string_view key, double value);  // the shortest form that reads back the same
  JsonObject& flag(std::string_view key, bool value);
  JsonObject& text(std::string_view key, std::string_view value);  // of plain letters
  JsonObject& object(std::string_view key, const JsonObject& value);
  JsonObject& integers(std::string_view key, const std::vector<int>& values);
  JsonObject& numbers(std::string_view key, const std::vector<double>& values);
  std::string json() const { return "{" + members_ + "}"; }

 private:
  void key(std::string_view key);
  std::string members_;
};

}  // namespace ink
