#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"
#include "weights/message.h"

namespace ink {

// The whole of `text` as a number, or nothing.
std::optional<int64_t> parse_integer(std::string_view text);

// Words between spaces and tabs.
std::vector<std::string_view> split_words(std::string_view line);

// One layer of a .param file, taken apart. Borrows the text.
class NcnnLine {
 public:
  // `where`: file and line, for messages.
  static Result<NcnnLine> parse(std::string_view line, std::string where);

  std::string_view type, name;
  std::vector<std::string_view> inputs, outputs;  // names of blobs

  // Error: the layer has a key that is not in `known`.
  Status only_keys(std::initializer_list<int> known) const;
  bool has_any(int key) const { return keys_.contains(key) || arrays_.contains(key); }
  // The value of a key, within [low, high]; `missing` where it is absent.
  Result<int64_t> integer(int key, int64_t missing, int64_t low, int64_t high) const;
  // An array key, written -23300 - key: at least one number, at most 8. Error: absent.
  Result<std::vector<std::string_view>> array(int key) const;
  Status expect_counts(size_t input_count, size_t output_count) const;

  // "FILE line 12: Convolution 'conv_1': ..."
  template <class... Parts>
  Error error(const Parts&... parts) const {
    return model_error(where_, ": ", quote(type), " ", quote(name), ": ", concat(parts...));
  }

 private:
  Status add_key(std::string_view word);

  std::string where_;
  std::map<int, std::string_view> keys_;    // plain values
  std::map<int, std::string_view> arrays_;  // "2,4,4", the count first
};

}  // namespace ink
