#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/result.h"

namespace ink {

enum class LabelKind { general, character, rating, other };

// The names of a tagger's scores, in their order.
struct Labels {
  std::vector<std::string> names;
  std::vector<LabelKind> kinds;  // of each
  bool categories = false;       // whether characters are told from the rest

  size_t size() const { return names.size(); }
};

// A model file keeps the texts as U8 tensors of these names.
inline constexpr std::string_view kTagsTensor = "labels/tags.txt";
inline constexpr std::string_view kCategoriesTensor = "labels/categories.json";

// tags: DeepDanbooru's tags.txt, a name a line; blank lines do not count, nor white space around a name.
// categories: DeepDanbooru's categories.json, [{"name":"General","start_index":0},...], or empty. A rating is
// what begins with "rating:", wherever it stands. Names of messages: tags_name, categories_name. Error
// (model): no names, or not such JSON, or an index beyond the names.
Result<Labels> parse_labels(std::string_view tags, std::string_view tags_name, std::string_view categories,
                            std::string_view categories_name);

}  // namespace ink
