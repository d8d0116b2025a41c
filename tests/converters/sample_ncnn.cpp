#include "tests/converters/sample_ncnn.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <tuple>

#include "kernels/base/half.h"
#include "weights/message.h"

namespace ink::test {

namespace {

constexpr uint32_t kHalf = 0x01306b47, kSingle = 0;

void append_float(Bytes& bytes, float value) {
  bytes = std::move(bytes) + little_endian(std::bit_cast<uint32_t>(value), 4);
}

void append_half(Bytes& bytes, float value) {
  bytes = std::move(bytes) + little_endian(f32_to_f16(value), 2);
}

// Blobs of the exported graph: a value that several layers read goes through a Split, of which each takes one
// copy.
class ParamWriter {
 public:
  explicit ParamWriter(std::span<const std::string> signature)
      : signature_(signature), readers_(signature.size()) {
    for (const std::string& line : signature) {
      for (const size_t operand : operands(line)) ++readers_[operand];
    }
  }

  std::string write() {
    for (size_t i = 0; i < signature_.size(); ++i) layer(i);
    return concat("7767517\n", layers_, " ", blobs_, "\n", text_.str());
  }

 private:
  static std::vector<size_t> operands(const std::string& line) {
    std::vector<size_t> found;
    const size_t arrow = line.find("<-");
    if (arrow == std::string::npos) return found;
    std::istringstream words(line.substr(arrow + 2));
    for (std::string word; words >> word;) {
      if (word.find(']') != std::string::npos) continue;
      if (std::isdigit(static_cast<unsigned char>(word[0])) == 0) continue;
      found.push_back(static_cast<size_t>(std::stoul(word)));
      if (word.find('[') == std::string::npos) continue;
      for (int margin = 0; margin < 4; ++margin) words >> word;
    }
    return found;
  }

  void line(const std::string& type, const std::string& inputs, const std::string& outputs,
            const std::string& keys) {
    const auto count = [](const std::string& names) {
      return names.empty() ? 0 : std::ranges::count(names, ' ') + 1;
    };
    text_ << type << "  layer" << layers_++ << "  " << count(inputs) << " " << count(outputs);
    for (const std::string& part : {inputs, outputs, keys}) {
      if (!part.empty()) text_ << " " << part;
    }
    text_ << "\n";
    blobs_ += static_cast<int>(count(outputs));
  }

  // The next copy of a value, cut where the signature says so.
  std::string blob(size_t ordinal, int margin) {
    std::string name = concat("b", ordinal);
    if (readers_[ordinal] > 1) name += concat("_", --left_[ordinal]);
    if (margin == 0) return name;
    const std::string cut = name + "c";
    line("Crop", name, cut,
         concat("-23309=2,", margin, ",", margin, " -23310=2,", -margin, ",", -margin, " -23311=2,-2,-1"));
    return cut;
  }

  void layer(size_t ordinal) {
    const std::string& text = signature_[ordinal];
    const std::string type = text.substr(0, text.find(' '));
    std::string inputs;
    const std::vector<size_t> read = operands(text);
    for (size_t i = 0; i < read.size(); ++i) {
      int margin = 0;
      if (const size_t at = text.find(concat(" ", read[i], "[crop")); at != std::string::npos) {
        if (std::sscanf(text.c_str() + at, " %*d[crop %d", &margin) != 1) throw std::runtime_error(text);
      }
      inputs += concat(i == 0 ? "" : " ", blob(read[i], margin));
    }
    channels_.push_back(read.empty() ? 3 : channels_[read[0]]);
    const std::string output = concat("b", ordinal);
    line(type, inputs, output, keys(type, text, ordinal));
    if (readers_[ordinal] < 2) return;
    left_[ordinal] = readers_[ordinal];
    std::string copies;
    for (int i = 0; i < readers_[ordinal]; ++i) {
      copies += concat(i == 0 ? "" : " ", output, "_", i);
    }
    line("Split", output, copies, "");
  }

  std::string keys(const std::string& type, const std::string& text, size_t ordinal) {
    const std::string leaky =
        text.find("leaky_relu") != std::string::npos ? " 9=2 -23310=1,1.000000e-01" : "";
    int64_t& channels = channels_[ordinal];
    int oc = 0, kh = 0, kw = 0, stride = 0, pad = 0;
    if (std::sscanf(text.c_str(), "%*s %d k%dx%d s%d p%d", &oc, &kh, &kw, &stride, &pad) == 5) {
      const int64_t size = oc * channels * kh * kw;
      channels = oc;
      return concat("0=", oc, " 1=", kw, " 3=", stride, " 4=", pad, " 5=1 6=", size, leaky);
    }
    if (std::sscanf(text.c_str(), "InnerProduct %d", &oc) == 1) {
      const int64_t size = oc * channels;
      channels = oc;
      return concat("0=", oc, " 1=1 2=", size, text.find("sigmoid") != std::string::npos ? " 9=4" : " 9=1");
    }
    if (type == "Pooling") return "0=1 4=1";
    if (type == "BinaryOp") return text.find(" add ") != std::string::npos ? "0=0" : "0=2";
    if (type == "PixelShuffle") {
      channels /= 4;
      return "0=2";
    }
    return "";
  }

  std::span<const std::string> signature_;
  std::vector<int> readers_, left_ = std::vector<int>(readers_.size());
  std::vector<int64_t> channels_;
  std::ostringstream text_;
  int layers_ = 0, blobs_ = 0;
};

}  // namespace

NcnnSample small_ncnn() {
  NcnnSample sample;
  sample.param =
      "7767517\n"
      "14 16\n"
      "Input            in    0 1 data 0=8 1=8 2=3\n"
      "Convolution      c1    1 1 data a 0=4 1=3 11=1 3=2 13=1 4=1 5=1 6=36 9=2 -23310=1,2.500000e-01\n"
      "Split            s1    1 3 a a0 a1 a2\n"
      "Pooling          pool  1 1 a0 p 0=1 4=1\n"
      "InnerProduct     fc1   1 1 p q 0=2 1=1 2=8 9=1\n"
      "InnerProduct     fc2   1 1 q r 0=4 2=8 9=4\n"
      "BinaryOp         mul   2 1 r a1 e 0=2\n"
      "Crop             crop1 1 1 a2 d0 -23309=2,1,2 -23310=2,-3,-4 -23311=2,1,2\n"
      "Crop             crop2 1 1 d0 d -23309=2,1,1 -23310=2,-1,-1 -23311=2,-2,-1\n"
      "BinaryOp         add   2 1 e d f\n"
      "Deconvolution    up    1 1 f g 0=8 1=2 3=2 4=3 5=1 6=128\n"
      "ReLU             relu  1 1 g h\n"
      "Sigmoid          sig   1 1 h i\n"
      "PixelShuffle     ps    1 1 i out 0=2\n";
  const std::array<std::tuple<uint32_t, int, int>, 4> layers = {
      {{kHalf, 36, 4}, {kSingle, 8, 2}, {kHalf, 8, 0}, {kHalf, 128, 8}}};
  for (size_t k = 0; k < layers.size(); ++k) {
    const auto [flag, weights, bias] = layers[k];
    sample.bin = sample.bin + little_endian(flag, 4);
    for (int i = 0; i < weights; ++i) {
      const float value = static_cast<float>(k) + static_cast<float>(i) / 64;
      flag == kHalf ? append_half(sample.bin, value) : append_float(sample.bin, value);
    }
    for (int o = 0; o < bias; ++o) append_float(sample.bin, -static_cast<float>(k) - static_cast<float>(o));
  }
  return sample;
}

float ncnn_value(size_t tensor, size_t element) {
  return (static_cast<float>((31 * tensor + element) % 61) - 30) / 64;
}

NcnnSample ncnn_of_signature(std::span<const std::string> signature) {
  NcnnSample sample;
  sample.param = ParamWriter(signature).write();
  std::istringstream lines(sample.param);
  size_t tensor = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool inner = line.starts_with("InnerProduct");
    const size_t size_at = line.find(inner ? " 2=" : " 6="), oc_at = line.find(" 0=");
    if (!inner && !line.starts_with("Convolution") && !line.starts_with("Deconvolution")) continue;
    const size_t size = std::stoul(line.substr(size_at + 3)), oc = std::stoul(line.substr(oc_at + 3));
    std::vector<uint16_t> weights;
    std::vector<float> bias;
    for (size_t i = 0; i < size; ++i) weights.push_back(f32_to_f16(ncnn_value(tensor, i)));
    for (size_t i = 0; i < oc; ++i) bias.push_back(ncnn_value(tensor + 1, i));
    sample.bin = std::move(sample.bin) + little_endian(kHalf, 4) + std::as_bytes(std::span(weights)) +
                 std::as_bytes(std::span(bias));
    tensor += 2;
  }
  return sample;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  if (at == std::string_view::npos) throw std::runtime_error("no " + std::string(from));
  std::string result(text);
  return result.replace(at, from.size(), to);
}

}  // namespace ink::test
