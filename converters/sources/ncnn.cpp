#include "converters/sources/ncnn.h"

#include <cstring>
#include <utility>
#include <vector>

#include "kernels/base/aligned_buffer.h"
#include "weights/byte_reader.h"
#include "weights/message.h"
#include "weights/sniff.h"

namespace ink {

namespace {

constexpr uint32_t kSingle = 0, kHalf = 0x01306b47, kInt8 = 0x000d4b38;

struct Place {
  std::span<const std::byte> bytes;
  bool swapped = false;  // (oc, ic, ...) in the file, to be given as (ic, oc, ...)
};

class NcnnSource : public TensorSource {
 public:
  NcnnSource(std::string origin, std::vector<std::string> signature, std::shared_ptr<const void> owner)
      : origin_(std::move(origin)), signature_(std::move(signature)), owner_(std::move(owner)) {}

  std::string_view format() const override { return "ncnn"; }
  const std::string& origin() const override { return origin_; }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  std::span<const std::string> signature() const override { return signature_; }
  Result<SourceBytes> read(size_t index) const override;

  void add(SourceTensor tensor, Place place) {
    tensors_.push_back(std::move(tensor));
    places_.push_back(place);
  }

 private:
  std::string origin_;
  std::vector<std::string> signature_;
  std::shared_ptr<const void> owner_;
  std::vector<SourceTensor> tensors_;
  std::vector<Place> places_;
};

Result<SourceBytes> NcnnSource::read(size_t index) const {
  INK_CHECK(index < places_.size());
  const auto [src, swapped] = places_[index];
  if (!swapped) return SourceBytes{src, owner_};
  const SourceTensor& tensor = tensors_[index];
  const auto ic = static_cast<size_t>(tensor.shape[0]), oc = static_cast<size_t>(tensor.shape[1]);
  const size_t kernel_bytes =
      static_cast<size_t>(tensor.shape[2] * tensor.shape[3]) * dtype_size(tensor.dtype);
  auto dst = std::make_shared<AlignedBuffer<std::byte>>(src.size());
  for (size_t i = 0; i < ic; ++i) {
    for (size_t o = 0; o < oc; ++o) {
      std::memcpy(dst->data() + (i * oc + o) * kernel_bytes, src.data() + (o * ic + i) * kernel_bytes,
                  kernel_bytes);
    }
  }
  const std::span<const std::byte> bytes(dst->data(), dst->size());
  return SourceBytes{bytes, std::move(dst)};
}

std::string_view name_of(uint32_t flag) {
  return flag == kInt8 ? "int8 weights" : "a format that is not known";
}

// Where the data of one layer lies and how it is stored.
Status read_layer(const NcnnWeights& layer, ByteReader& reader, NcnnSource& source) {
  const std::string what = concat("the data of layer ", quote(layer.layer), " (line ", layer.line, ")");
  const uint64_t flag_offset = reader.offset();
  INK_TRY(const uint32_t flag, reader.u32(what));
  if (flag != kSingle && flag != kHalf) {
    return model_error(reader.file(), ": ", what, " at offset ", flag_offset, " begins with ", hex32(flag),
                       ", ", name_of(flag), "; supported: ", hex32(kHalf),
                       " (half precision) and 0 (single precision)");
  }
  const DType dtype = flag == kHalf ? DType::f16 : DType::f32;
  // Below 2^31 weights, by the parser of the graph.
  const auto count = static_cast<uint64_t>(layer.oc * layer.ic * layer.kh * layer.kw);
  const uint64_t size = count * dtype_size(dtype);
  INK_TRY(const std::span<const std::byte> padded, reader.bytes(align_up(size, 4), what));
  const bool swapped = layer.kind == NcnnWeights::Kind::deconvolution;
  std::vector<int64_t> shape = {layer.oc, layer.ic, layer.kh, layer.kw};
  if (swapped) std::swap(shape[0], shape[1]);
  source.add({layer.layer + ".weight", dtype, std::move(shape)}, {padded.first(size), swapped});
  if (!layer.bias) return {};
  const auto oc = static_cast<uint64_t>(layer.oc);
  INK_TRY(const std::span<const std::byte> bias, reader.bytes(oc * sizeof(float), what));
  source.add({layer.layer + ".bias", DType::f32, {layer.oc}}, {bias, false});
  return {};
}

}  // namespace

Result<std::unique_ptr<TensorSource>> open_ncnn(const NcnnGraph& graph, std::span<const std::byte> bin,
                                                std::shared_ptr<const void> owner,
                                                const std::string& bin_origin) {
  auto source = std::make_unique<NcnnSource>(bin_origin, graph.signature, std::move(owner));
  ByteReader reader(bin, bin_origin);
  for (const NcnnWeights& layer : graph.weights) INK_TRY_STATUS(read_layer(layer, reader, *source));
  if (reader.remaining() != 0) {
    return model_error(bin_origin, ": has ", reader.remaining(), " bytes after offset ", reader.offset(),
                       ", where the last layer of ", graph.origin,
                       " ends: do the two files belong together?");
  }
  return std::unique_ptr<TensorSource>(std::move(source));
}

Result<std::unique_ptr<TensorSource>> open_ncnn_pair(const NcnnFiles& files, const ModelLimits& limits) {
  if (const FileFormat format = sniff(files.param); format != FileFormat::ncnn_param) {
    return model_error(files.param_origin, " is ", describe(format), ", expected an ncnn .param file");
  }
  const std::string_view text(reinterpret_cast<const char*>(files.param.data()), files.param.size());
  INK_TRY(const NcnnGraph graph, parse_ncnn_param(text, files.param_origin, limits));
  return open_ncnn(graph, files.bin, files.bin_owner, files.bin_origin);
}

}  // namespace ink
