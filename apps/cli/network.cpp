#include "apps/cli/network.h"

#include "apps/cli/models_folder.h"
#include "apps/cli/text.h"
#include "kernels/base/isa.h"

namespace ink::cli {

Result<Shape> parse_shape(std::string_view text) {
  constexpr int kMostSide = 1 << 20;
  const std::vector<std::string> parts = split(text, 'x');
  if (parts.size() != 4) {
    return Error{ErrorKind::usage,
                 "expected a shape such as 1x256x256x3, found \"" + std::string(text) + "\""};
  }
  Shape shape;
  INK_TRY(shape.n, parse_int(parts[0], "shape", 1, kMostSide));
  INK_TRY(shape.h, parse_int(parts[1], "shape", 1, kMostSide));
  INK_TRY(shape.w, parse_int(parts[2], "shape", 1, kMostSide));
  INK_TRY(shape.c, parse_int(parts[3], "shape", 1, kMostSide));
  return shape;
}

Result<Network> Network::load(const std::string& path) {
  INK_TRY(WeightStore store, load_any_model(path));
  Network network;
  INK_TRY(network.model, RealCugan::create(std::move(store), active_isa()));
  INK_TRY(network.prepared, network.model->network());
  return network;
}

}  // namespace ink::cli
