#include "bench/kernels/layers.h"

#include <sstream>
#include <stdexcept>

#include "bench/kernels/shapes.h"

namespace ink::bench {

std::vector<std::string> networks() {
  std::vector<std::string> names;
  for (const ShapeFile& file : shape_files()) names.emplace_back(file.network);
  return names;
}

std::vector<Layer> read_layers(std::string_view network) {
  for (const ShapeFile& file : shape_files()) {
    if (file.network != network) continue;
    std::vector<Layer> layers;
    std::istringstream in{std::string(file.text)};
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line.front() == '#') continue;
      Layer l;
      std::istringstream fields(line);
      if (!(fields >> l.name >> l.kind >> l.ih >> l.iw >> l.ic >> l.oc >> l.kernel >> l.stride >> l.pad >>
            l.count)) {
        throw std::runtime_error(std::string(network) + ".txt: expected ten fields, found \"" + line + "\"");
      }
      layers.push_back(l);
    }
    return layers;
  }
  throw std::runtime_error("no bench/shapes/" + std::string(network) + ".txt");
}

}  // namespace ink::bench
