#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/prepared_model.h"
#include "kernels/base/result.h"
#include "models/realcugan.h"

namespace ink::cli {

// "1x256x256x3". Error: usage.
Result<Shape> parse_shape(std::string_view text);

// A model file's network alone, without what surrounds it on the way from picture to picture.
struct Network {
  std::unique_ptr<RealCugan> model;
  const PreparedModel* prepared = nullptr;  // of `model`, at its normal strength

  static Result<Network> load(const std::string& path);
};

}  // namespace ink::cli
