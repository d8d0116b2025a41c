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

struct SourceText {
  std::string name, text;
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
  // May be called from several threads.
  virtual Result<SourceBytes> read(size_t index) const = 0;
  // Whether read() only says where bytes lie in a mapped file, and touches none.
  virtual bool reads_in_place() const { return false; }

  // Who wrote the file, as it says itself: "torch 2.1.0", "Keras 2.4.0". Empty where it does not.
  virtual std::string_view producer() const { return {}; }
  // What the file says about its model in words or JSON, by the format's own names: Keras' "model_config", a
  // folder's "config.json".
  virtual std::span<const SourceText> texts() const { return {}; }
  // What lies beside the tensors and is carried without being understood, one line each for people to read:
  // "pytorch_lightning.callbacks.ModelCheckpoint".
  virtual std::span<const std::string> unknown() const { return {}; }

  // Formats that carry the graph: one line a computing layer, in order (converters/sources/ncnn.h). Their
  // tensor names mean nothing outside the file, so a model recognises its own by these lines. Empty for the
  // others.
  virtual std::span<const std::string> signature() const { return {}; }
};

// Those tensors of a source, read on `threads` threads, or on this one if that is nothing. Error: that of the
// first of them that has one.
Result<std::vector<SourceBytes>> read_tensors(const TensorSource& source, std::span<const size_t> indices,
                                              int threads);

}  // namespace ink
