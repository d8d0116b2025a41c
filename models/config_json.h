#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"

namespace ink {

// Reads inkstone.config key by key. The first thing that does not fit is kept and status() returns it, so
// that a configuration reads top to bottom without a check at each line; what did not fit reads as the least
// value that is allowed.
class ConfigReader {
 public:
  // `architecture` and `origin` are for messages.
  ConfigReader(std::string_view json, std::string_view architecture, std::string_view origin);
  ~ConfigReader();

  int integer(const char* key, int least, int most);
  bool boolean(const char* key);
  // One of `words`; the first where none fits.
  std::string word(const char* key, std::initializer_list<std::string_view> words);
  // Between `fewest` and `most_values` integers.
  std::vector<int> integers(const char* key, size_t fewest, size_t most_values, int least, int most);
  std::vector<double> numbers(const char* key, size_t fewest, size_t most_values, double least, double most);
  // What the keys read so far do not show: a relation between them.
  void expect(bool holds, std::string_view what);

  const Status& status() const { return status_; }

 private:
  struct Document;
  void fail(std::string_view key, std::string_view expected);

  std::unique_ptr<Document> document_;
  std::string start_;  // of every message
  Status status_;
};

}  // namespace ink
