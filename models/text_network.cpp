#include "models/text_network.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "engine/sequences.h"
#include "engine/session.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "models/finite_values.h"
#include "weights/message.h"

namespace ink {
namespace {

// Texts together in one run: enough for a product to be large, few enough for its values to be small.
constexpr size_t kTokensAtOnce = 2048;
// So many that a thread may as well have them for itself: weights are then read for more than a few rows.
constexpr size_t kTokensAlone = 256;

// As torch.nn.functional.normalize: a row of zeros stays so.
void normalize(std::span<float> row) {
  constexpr double kLeast = 1e-12;
  double squares = 0;
  for (const float value : row) squares += static_cast<double>(value) * value;
  const double length = std::max(std::sqrt(squares), kLeast);
  for (float& value : row) value = static_cast<float>(value / length);
}

class TextNetwork : public TextModel {
 public:
  TextNetwork(std::unique_ptr<PreparedModel> network, TextTraits traits, std::string origin)
      : network_(std::move(network)), traits_(std::move(traits)), origin_(std::move(origin)) {}

  std::span<const ModelOutput> outputs() const override { return {&traits_.output, 1}; }
  const PreparedModel& network() const override { return *network_; }
  int max_tokens() const override { return traits_.max_tokens; }
  int vocabulary() const override { return traits_.vocabulary; }

  Status run(std::span<const std::vector<int32_t>> texts, std::span<float* const> dst, int threads) override {
    INK_CHECK(dst.size() == 1);
    std::vector<std::span<const int32_t>> cut;
    for (size_t i = 0; i < texts.size(); ++i) {
      INK_TRY(const auto ids, cut_text(texts[i], i));
      cut.push_back(ids);
    }
    return run_parts(cut, dst[0], threads);
  }

 private:
  Result<std::span<const int32_t>> cut_text(const std::vector<int32_t>& text, size_t index) const {
    const auto refuse = [&](const auto&... parts) {
      return Error{ErrorKind::bad_input, concat("text ", index + 1, ": ", parts...)};
    };
    if (text.empty()) return refuse("expected at least one token, found none");
    if (text.size() > static_cast<size_t>(traits_.max_tokens)) {
      return refuse("expected at most ", traits_.max_tokens, " tokens, found ", text.size());
    }
    if (const Status ids = check_ids(text, traits_.vocabulary); !ids.ok()) return refuse(ids.error().message);
    auto end = text.end() - 1;
    if (traits_.end == TextTraits::End::largest) end = std::max_element(text.begin(), text.end());
    if (traits_.end == TextTraits::End::token) end = std::find(text.begin(), text.end(), traits_.end_token);
    if (end == text.end()) return refuse("it has no end token, ", traits_.end_token);
    return std::span(text.begin(), end + 1);
  }

  // Texts that are many enough run in parts side by side, each on one thread: threads that share every layer
  // wait for each other.
  Status run_parts(std::span<const std::span<const int32_t>> texts, float* dst, int threads) const {
    size_t tokens = 0;
    for (const auto text : texts) tokens += text.size();
    const bool side_by_side = threads > 1 && tokens >= kTokensAlone * static_cast<size_t>(threads);
    const size_t parts =
        std::max(divide_up(tokens, kTokensAtOnce), side_by_side ? static_cast<size_t>(threads) : size_t{1});
    std::vector<size_t> begins;
    for (size_t i = 0, before = 0; i < texts.size(); before += texts[i++].size()) {
      if (i == 0 || before * parts / tokens > (before - texts[i - 1].size()) * parts / tokens)
        begins.push_back(i);
    }
    const auto run_part = [&](size_t part, int workers) {
      const size_t begin = begins[part], end = part + 1 < begins.size() ? begins[part + 1] : texts.size();
      return run_together(texts.subspan(begin, end - begin),
                          dst + begin * static_cast<size_t>(traits_.output.size), workers);
    };
    if (!side_by_side) {
      for (size_t part = 0; part < begins.size(); ++part) INK_TRY_STATUS(run_part(part, threads));
      return {};
    }
    std::vector<Status> statuses(begins.size());
    std::vector<std::exception_ptr> thrown(begins.size());
    parallel_for(static_cast<int64_t>(begins.size()), threads, [&](int64_t task, int) {
      const auto part = static_cast<size_t>(task);
      try {
        statuses[part] = run_part(part, 1);
      } catch (...) {
        thrown[part] = std::current_exception();
      }
    });
    for (size_t part = 0; part < begins.size(); ++part) {
      if (thrown[part] != nullptr) std::rethrow_exception(thrown[part]);
      INK_TRY_STATUS(statuses[part]);
    }
    return {};
  }

  Status run_together(std::span<const std::span<const int32_t>> texts, float* dst, int threads) const {
    std::vector<int32_t> ids, segments{0};
    for (const std::span<const int32_t> text : texts) {
      ids.insert(ids.end(), text.begin(), text.end());
      segments.push_back(static_cast<int32_t>(ids.size()));
    }
    const Shape shapes[] = {{1, 1, static_cast<int>(ids.size()), 1},
                            {1, 1, static_cast<int>(segments.size()), 1}};
    const Shape result{1, 1, static_cast<int>(texts.size()), traits_.output.size};
    INK_TRY(std::shared_ptr<const Plan> plan, network_->plan(shapes, threads));
    Session session(*network_, std::move(plan));
    const TensorView inputs[] = {TensorView::dense(ids.data(), DType::i32, shapes[0]),
                                 TensorView::dense(segments.data(), DType::i32, shapes[1])};
    const TensorView output = TensorView::dense(dst, DType::f32, result);
    INK_TRY_STATUS(session.run(inputs, {&output, 1}));
    if (!all_finite({dst, static_cast<size_t>(result.elements())}))
      return model_error(origin_, ": the network's result is not finite: its weights are broken");
    if (traits_.normalize) {
      for (size_t i = 0; i < texts.size(); ++i) {
        const auto size = static_cast<size_t>(result.c);
        normalize({dst + i * size, size});
      }
    }
    return {};
  }

  std::unique_ptr<PreparedModel> network_;
  TextTraits traits_;
  std::string origin_;
};

}  // namespace

Status check_single_output(const BuildOptions& options, const ModelOutput& output) {
  for (const std::string& name : options.outputs) {
    if (name != output.name || options.outputs.size() > 1) {
      return Error{ErrorKind::usage, concat("the model has one output, ", output.name, ", asked for: ",
                                            options.outputs.size() > 1 ? "more" : quote(name))};
    }
  }
  return {};
}

Result<std::unique_ptr<TextModel>> make_text_model(Graph graph, const WeightStore& weights,
                                                   const TextTraits& traits, const BuildOptions& options) {
  INK_TRY_STATUS(check_single_output(options, traits.output));
  INK_TRY(std::unique_ptr<PreparedModel> network,
          PreparedModel::prepare(std::move(graph), weights, options.isa, options.threads, options.once,
                                 options.precision));
  return std::unique_ptr<TextModel>(new TextNetwork(std::move(network), traits, weights.origin()));
}

}  // namespace ink
