#include "converters/realcugan_layers.h"

#include <algorithm>
#include <array>

#include "converters/match.h"
#include "weights/message.h"

namespace ink {

namespace {

// Writes the lines of a signature; each function returns the ordinal of its line.
class SignatureWriter {
 public:
  std::vector<std::string> lines;

  size_t line(std::string text) {
    lines.push_back(std::move(text));
    return lines.size() - 1;
  }
  size_t conv(size_t src, int oc, int kernel, int stride, const char* activation) {
    return line(
        concat("Convolution ", oc, " k", kernel, "x", kernel, " s", stride, " p0", activation, " <- ", src));
  }
  size_t conv3(size_t src, int oc) { return conv(src, oc, 3, 1, kLeaky); }
  size_t down(size_t src, int oc) { return conv(src, oc, 2, 2, kLeaky); }
  size_t deconv(size_t src, int oc, int kernel, int stride, int pad, const char* activation) {
    return line(concat("Deconvolution ", oc, " k", kernel, "x", kernel, " s", stride, " p", pad, activation,
                       " <- ", src));
  }
  size_t up(size_t src, int oc) { return deconv(src, oc, 2, 2, 0, kLeaky); }
  size_t add_cropped(size_t cropped, int margin, size_t other) {
    return line(concat("BinaryOp add <- ", crop(cropped, margin), " ", other));
  }
  static std::string crop(size_t src, int margin) {
    return concat(src, "[crop ", margin, " ", margin, " ", margin, " ", margin, "]");
  }

  size_t unet_conv(size_t src, int mid, int oc, bool squeeze_excite) {
    const size_t x = conv3(conv3(src, mid), oc);
    if (!squeeze_excite) return x;
    const size_t mean = line(concat("Pooling global average <- ", x));
    const size_t squeezed = line(concat("InnerProduct ", oc / 8, " relu <- ", mean));
    const size_t excited = line(concat("InnerProduct ", oc, " sigmoid <- ", squeezed));
    return line(concat("BinaryOp mul <- ", x, " ", excited));
  }

 private:
  static constexpr const char* kLeaky = " leaky_relu 0.1";
};

std::string config_text(const RealCuganConfig& config) {
  return concat("Real-CUGAN ", config.scale, "x", config.squeeze_excite ? "" : " without squeeze-excite");
}

std::array<RealCuganConfig, 6> configs() {
  std::array<RealCuganConfig, 6> all;
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].scale = static_cast<int>(2 + i / 2);
    all[i].squeeze_excite = i % 2 == 0;
  }
  return all;
}

Result<RealCuganConfig> recognise_signature(const TensorSource& source) {
  const std::span<const std::string> found = source.signature();
  RealCuganConfig closest;
  size_t most_alike = 0;
  std::string expected_line, found_line;
  for (const RealCuganConfig& config : configs()) {
    const std::vector<std::string> expected = realcugan_ncnn_signature(config);
    const auto [in_expected, in_found] = std::ranges::mismatch(expected, found);
    if (in_expected == expected.end() && in_found == found.end()) return config;
    const auto alike = static_cast<size_t>(in_expected - expected.begin());
    if (expected_line.empty() || alike > most_alike) {
      most_alike = alike;
      closest = config;
      expected_line = in_expected == expected.end() ? "its end" : quote(*in_expected);
      found_line = in_found == found.end() ? "its end" : quote(*in_found);
    }
  }
  return model_error(source.origin(), ": the graph is none of Real-CUGAN's: after ", most_alike,
                     " layers as in ", config_text(closest), " it has ", found_line, ", expected ",
                     expected_line);
}

// "2 tensors ('conv1.weight', 'conv1.bias'; format: safetensors)".
std::string contents_text(const TensorSource& source) {
  constexpr size_t kShown = 3;
  const std::span<const SourceTensor> tensors = source.tensors();
  std::string names;
  for (const SourceTensor& tensor : tensors.first(std::min(kShown, tensors.size()))) {
    names += concat(quote(tensor.name), ", ");
  }
  if (tensors.size() > kShown) names += "..., ";
  return concat(tensors.size(), " tensors (", names, "format ", source.format(), ")");
}

bool is_pro_marker(std::string_view name) { return name == kRealCuganProMarker; }

// The entry is a tensor, or a plain value where the format can hold one.
bool is_marked_pro(const TensorSource& source) {
  return std::ranges::find(source.tensors(), kRealCuganProMarker, &SourceTensor::name) !=
             source.tensors().end() ||
         std::ranges::find(source.texts(), kRealCuganProMarker, &SourceText::name) != source.texts().end();
}

Result<RealCuganConfig> recognise_names(const TensorSource& source) {
  RealCuganConfig closest;
  std::vector<std::string> fewest;
  bool first = true;
  for (RealCuganConfig config : configs()) {
    TensorMatch match = match_tensors(realcugan_tensors(config), source, is_pro_marker);
    if (match.problems.empty()) {
      config.pro = is_marked_pro(source);
      return config;
    }
    if (first || match.problems.size() < fewest.size()) {
      closest = config;
      fewest = std::move(match.problems);
      first = false;
    }
  }
  const bool shares_some =
      std::ranges::any_of(realcugan_tensors(closest), [&source](const TensorSpec& wanted) {
        return std::ranges::find(source.tensors(), wanted.source_name, &SourceTensor::name) !=
               source.tensors().end();
      });
  return model_error(
      source.origin(), ": its ", contents_text(source), " make no model that is known here; the nearest, ",
      config_text(closest),
      shares_some ? concat(", differs: ", problems_text(fewest)) : std::string(", has none of these names"));
}

}  // namespace

std::vector<std::string> realcugan_ncnn_signature(const RealCuganConfig& config) {
  const bool se = config.squeeze_excite;
  const int features = config.scale == 4 ? 64 : 3;  // between the two U-Nets
  SignatureWriter w;
  const size_t input = w.line("Input");

  const size_t a1 = w.unet_conv(input, 32, 64, false);
  const size_t a2 = w.unet_conv(w.down(a1, 64), 128, 64, se);
  const size_t a3 = w.conv3(w.add_cropped(a1, 4, w.up(a2, 64)), 64);
  const size_t a =
      config.scale == 3 ? w.deconv(a3, features, 5, 3, 2, "") : w.deconv(a3, features, 4, 2, 3, "");

  const size_t b1 = w.unet_conv(a, 32, 64, false);
  const size_t b2 = w.unet_conv(w.down(b1, 64), 64, 128, se);
  const size_t b3 = w.unet_conv(w.down(b2, 128), 256, 128, se);
  const size_t b4 = w.unet_conv(w.add_cropped(b2, 4, w.up(b3, 128)), 64, 64, se);
  const size_t b5 = w.conv3(w.add_cropped(b1, 16, w.up(b4, 64)), 64);
  const size_t b = w.conv(b5, features, 3, 1, "");

  const size_t sum = w.add_cropped(a, 20, b);
  if (config.scale == 4) {
    const size_t final = w.conv(sum, 12, 3, 1, "");
    w.line(concat("PixelShuffle 2 <- ", SignatureWriter::crop(final, 1)));
  }
  return std::move(w.lines);
}

Result<RealCuganConfig> recognise_realcugan(const TensorSource& source) {
  return source.signature().empty() ? recognise_names(source) : recognise_signature(source);
}

Result<std::optional<Recognised>> recognise_realcugan_model(const TensorSource& source,
                                                            const RecogniseOptions& options) {
  INK_TRY(RealCuganConfig config, recognise_realcugan(source));
  config.pro = options.pro.value_or(config.pro);
  return std::optional(Recognised{std::string(kRealCuganArchitecture), config.json(), std::string(),
                                  realcugan_tensors(config), is_pro_marker});
}

}  // namespace ink
