#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/base/dtype.h"
#include "kernels/base/result.h"

namespace ink {

struct SourceTensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
};

// Row-major little-endian elements, alive as long as a copy of `owner`.
struct SourceBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

// A released checkpoint as a list of tensors. It knows a format and no model; every size in it has been
// checked against the file before it is handed out.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  virtual std::string_view format() const = 0;
  // The file, for messages.
  virtual const std::string& origin() const = 0;
  // In the order of the file.
  virtual std::span<const SourceTensor> tensors() const = 0;
  virtual Result<SourceBytes> read(size_t index) const = 0;

  // Formats that carry the graph: one line a computing layer, in order (converters/sources/ncnn.h). Their
  // tensor names mean nothing outside the file, so a model recognises its own by these lines. Empty for the
  // others.
  virtual std::span<const std::string> signature() const { return {}; }
};

}  // namespace ink
