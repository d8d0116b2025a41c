#include "apps/cli/int8_report.h"

#include <algorithm>
#include <cmath>

#include "apps/cli/inputs.h"
#include "apps/cli/model_tokenizer.h"
#include "apps/cli/picture_reader.h"
#include "apps/cli/text.h"
#include "apps/cli/text_inputs.h"
#include "converters/int8.h"
#include "models/image_network.h"

namespace ink::cli {
namespace {

constexpr int kMadeUp = 8;
constexpr std::string_view kTags = "tags";

using Row = std::vector<float>;

std::vector<std::string> names_of(const std::vector<ModelOutput>& outputs) {
  std::vector<std::string> names;
  for (const ModelOutput& output : outputs) names.push_back(output.name);
  return names;
}

BuildOptions options_of(const std::vector<ModelOutput>& outputs, Precision precision, int threads) {
  return {.outputs = names_of(outputs), .threads = threads, .precision = precision};
}

std::vector<ReducedWeight> reduced_weights(const PreparedModel& network) {
  std::vector<ReducedWeight> all;
  for (const Node& node : network.graph().nodes) {
    const std::vector<ReducedWeight> weights = node.op->reduced_weights();
    all.insert(all.end(), weights.begin(), weights.end());
  }
  return all;
}

void compare(Agreement& agreement, const Row& want, const Row& got) {
  double dot = 0, want_square = 0, got_square = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    dot += double{want[i]} * got[i];
    want_square += double{want[i]} * want[i];
    got_square += double{got[i]} * got[i];
    if (!agreement.tags) continue;
    const bool before = want[i] >= 0.5f, after = got[i] >= 0.5f;
    agreement.either += before || after;
    agreement.both += before && after;
  }
  const double lengths = std::sqrt(want_square * got_square);
  const double cosine = lengths > 0 ? dot / lengths : want_square == got_square ? 1.0 : 0.0;
  agreement.least = std::min(agreement.least, cosine);
  agreement.mean += (cosine - agreement.mean) / static_cast<double>(++agreement.inputs);
  agreement.same_best +=
      std::ranges::max_element(want) - want.begin() == std::ranges::max_element(got) - got.begin();
}

std::vector<Agreement> start(const std::vector<ModelOutput>& outputs, bool made_up) {
  std::vector<Agreement> agreements;
  for (const ModelOutput& output : outputs) {
    Agreement& agreement = agreements.emplace_back();
    agreement.output = output.name;
    agreement.made_up = made_up;
    agreement.tags = output.name == kTags;
  }
  return agreements;
}

// Colours that run into each other, and bars of every width.
std::vector<uint8_t> made_up_picture(int side, int index) {
  std::vector<uint8_t> samples;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave =
            std::sin(0.013 * (index + 1) * x + 0.7 * c) * std::cos(0.017 * (index + 2) * y - c);
        const bool bar = (x * (c + 1) + y * index) / (4 << index % 4) % 5 == 0;
        samples.push_back(
            static_cast<uint8_t>(bar ? 40 * c + 20 * index : std::lround(127.5 + 127.5 * wave)));
      }
    }
  }
  return samples;
}

template <class Model, class Run>
Status compare_run(const std::vector<ModelOutput>& outputs, Model& f32, Model& int8, Run run,
                   std::vector<Agreement>& agreements) {
  std::vector<Row> want, got;
  std::vector<float*> want_rows, got_rows;
  for (const ModelOutput& output : outputs) {
    want_rows.push_back(want.emplace_back(static_cast<size_t>(output.size)).data());
    got_rows.push_back(got.emplace_back(static_cast<size_t>(output.size)).data());
  }
  INK_TRY_STATUS(run(f32, want_rows));
  INK_TRY_STATUS(run(int8, got_rows));
  for (size_t i = 0; i < outputs.size(); ++i) compare(agreements[i], want[i], got[i]);
  return {};
}

Status compare_pictures(const LoadedModel& loaded, ImageModel& f32, ImageModel& int8,
                        const std::vector<ModelOutput>& outputs, const CompareFlags& flags, int threads,
                        std::vector<Agreement>& all) {
  INK_TRY(const PictureSize size, input_size(f32.preprocess(), loaded.path));
  std::vector<Agreement> agreements = start(outputs, flags.pictures.empty());
  const auto add = [&](const float* pixels) {
    const auto run = [&](ImageModel& model, std::span<float* const> rows) {
      return model.run(pixels, 1, rows, threads);
    };
    return compare_run(outputs, f32, int8, run, agreements);
  };
  if (flags.pictures.empty()) {
    constexpr int kSide = 512;
    AlignedBuffer<float> pixels(static_cast<size_t>(size.w) * static_cast<size_t>(size.h) * 3);
    for (int index = 0; index < kMadeUp; ++index) {
      const std::vector<uint8_t> samples = made_up_picture(kSide, index);
      const PictureView view{.w = kSide, .h = kSide, .samples = samples.data()};
      INK_TRY_STATUS(preprocess(view, f32.preprocess(), pixels.data(), threads));
      INK_TRY_STATUS(add(pixels.data()));
    }
  } else {
    INK_TRY(const InputFiles expanded, expand_inputs(flags.pictures, true, ""));
    std::vector<std::string> files;
    for (const InputFile& file : expanded.files) files.push_back(file.path);
    PictureReader reader(files, {.how = f32.preprocess(), .size = size, .threads = threads, .limits = {}});
    for (size_t i = 0; i < files.size(); ++i) {
      INK_TRY(const PictureReader::Pixels pixels, reader.next());
      INK_TRY_STATUS(add(pixels.data()));
    }
  }
  all.insert(all.end(), agreements.begin(), agreements.end());
  return {};
}

Status compare_texts(const LoadedModel& loaded, TextModel& f32, TextModel& int8,
                     const std::vector<ModelOutput>& outputs, const CompareFlags& flags, int threads,
                     std::vector<Agreement>& all) {
  std::vector<std::vector<int32_t>> texts;
  const auto tokenizer = load_tokenizer(loaded.path, *loaded.store, {}, f32.max_tokens());
  if (!flags.texts.empty()) {
    if (!tokenizer.ok()) return tokenizer.error();
    INK_TRY(const TextInputs inputs, read_texts({{}, flags.texts}));
    for (const std::string& text : inputs.texts) {
      INK_TRY(texts.emplace_back(), (*tokenizer)->encode(text));
    }
  } else {
    // Rising ids, for where no end token is known the largest may stand for it.
    const int most = std::min(f32.max_tokens(), 32), ids = f32.vocabulary();
    for (int index = 0; index < kMadeUp; ++index) {
      std::vector<int32_t>& text = texts.emplace_back();
      const int length = 3 + (most - 3) * index / (kMadeUp - 1);
      for (int i = 0; i < length; ++i)
        text.push_back(static_cast<int32_t>(int64_t{ids} * (i + 1) / (length + 2 + index)));
      if (!tokenizer.ok()) continue;
      text.front() = (*tokenizer)->start_id();
      text.back() = (*tokenizer)->end_id();
    }
  }
  std::vector<Agreement> agreements = start(outputs, flags.texts.empty());
  for (const std::vector<int32_t>& text : texts) {
    const auto run = [&](TextModel& model, std::span<float* const> rows) {
      return model.run({&text, 1}, rows, threads);
    };
    INK_TRY_STATUS(compare_run(outputs, f32, int8, run, agreements));
  }
  all.insert(all.end(), agreements.begin(), agreements.end());
  return {};
}

}  // namespace

Result<Int8Model> make_int8(const LoadedModel& loaded, const CompareFlags& flags, int threads) {
  const Architecture& architecture = *loaded.architecture;
  if (architecture.image == nullptr && architecture.text == nullptr) {
    return Error{ErrorKind::usage, concat("--int8: ", architecture.title, " runs in f32 alone")};
  }
  if (!flags.pictures.empty() && architecture.image == nullptr) {
    return Error{ErrorKind::usage, concat("--compare: ", architecture.title, " takes no pictures")};
  }
  if (!flags.texts.empty() && architecture.text == nullptr) {
    return Error{ErrorKind::usage, concat("--compare-texts: ", architecture.title, " takes no texts")};
  }
  INK_TRY(const std::vector<ModelOutput> picture_outputs, loaded.image_outputs());
  INK_TRY(const std::vector<ModelOutput> text_outputs, loaded.text_outputs());
  std::unique_ptr<ImageModel> pictures;
  std::unique_ptr<TextModel> texts;
  std::vector<ReducedWeight> weights;
  const auto add = [&](const PreparedModel& network) {
    const std::vector<ReducedWeight> more = reduced_weights(network);
    weights.insert(weights.end(), more.begin(), more.end());
  };
  if (!picture_outputs.empty()) {
    INK_TRY(pictures, architecture.image(loaded.store, options_of(picture_outputs, Precision::f32, threads)));
    add(pictures->network());
  }
  if (!text_outputs.empty()) {
    INK_TRY(texts, architecture.text(loaded.store, options_of(text_outputs, Precision::f32, threads)));
    add(texts->network());
  }
  Int8Model result{loaded, {}};
  INK_TRY(WeightStore store, to_int8(loaded.store, weights));
  result.loaded.store = std::make_shared<const WeightStore>(std::move(store));
  if (pictures != nullptr) {
    INK_TRY(const auto int8,
            architecture.image(result.loaded.store, options_of(picture_outputs, Precision::int8, threads)));
    INK_TRY_STATUS(
        compare_pictures(loaded, *pictures, *int8, picture_outputs, flags, threads, result.agreements));
  }
  if (texts != nullptr) {
    INK_TRY(const auto int8,
            architecture.text(result.loaded.store, options_of(text_outputs, Precision::int8, threads)));
    INK_TRY_STATUS(compare_texts(loaded, *texts, *int8, text_outputs, flags, threads, result.agreements));
  }
  return result;
}

std::string agreement_text(const Agreement& a) {
  std::string text =
      concat("  ", printable(a.output), ": cosine to f32 ", decimals(a.mean, 6), ", least ",
             decimals(a.least, 6), ", of ", a.inputs, a.made_up ? " made-up inputs" : " inputs");
  if (a.tags) {
    text += concat("; tags of 0.5 and more: ", a.both, " of ", a.either, " agree, the best one for ",
                   a.same_best, " of ", a.inputs);
  }
  return text + "\n";
}

std::string agreement_json(const Agreement& a) {
  JsonObject object;
  object.text("output", a.output)
      .number("inputs", static_cast<int64_t>(a.inputs))
      .raw("made_up", a.made_up ? "true" : "false")
      .raw("cosine_least", decimals(a.least, 6))
      .raw("cosine_mean", decimals(a.mean, 6));
  if (a.tags) {
    object.number("tags_either", static_cast<int64_t>(a.either))
        .number("tags_both", static_cast<int64_t>(a.both))
        .number("same_best", static_cast<int64_t>(a.same_best));
  }
  return object.str();
}

}  // namespace ink::cli
