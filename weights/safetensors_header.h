#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/dtype.h"
#include "kernels/base/result.h"
#include "weights/limits.h"

namespace ink {

// One entry of a safetensors header. Offsets count from the start of the data section.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // as they come in the JSON
  std::map<std::string, std::string, std::less<>> metadata;
};

// Reads the JSON, whose offsets are not yet compared with anything. Error (model): it is not JSON, has a key
// twice, or anything but what the format defines.
Result<SafetensorsHeader> parse_safetensors_header(std::string_view json, const std::string& origin,
                                                   const ModelLimits& limits);

// The JSON of `header`, without padding. Error (model): a name or a text is not UTF-8.
Result<std::string> safetensors_header_json(const SafetensorsHeader& header);

}  // namespace ink
