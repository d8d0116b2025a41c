#include "apps/cli/bench_runner.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <numeric>
#include <vector>

#include "apps/cli/model_facts.h"
#include "apps/cli/model_tokenizer.h"
#include "apps/cli/network.h"
#include "apps/cli/text.h"
#include "kernels/base/aligned_buffer.h"

namespace ink::cli {
namespace {

template <class Work>
Result<double> milliseconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  INK_TRY_STATUS(work());
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void make_up_pixels(AlignedBuffer<float>& pixels) {
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 251) / 250.0f;
}

std::vector<std::string> names(const std::string& output) {
  return output.empty() ? std::vector<std::string>() : std::vector{output};
}

class RegionRunner : public BenchRunner {
 public:
  static Result<std::unique_ptr<BenchRunner>> create(const LoadedModel& loaded, const BenchRequest& request) {
    auto runner = std::unique_ptr<RegionRunner>(new RegionRunner);
    INK_TRY(const Shape shape, parse_shape(request.shape));
    INK_TRY(runner->network_, Network::load(loaded.path));
    runner->src_ = AlignedBuffer<float>(static_cast<size_t>(shape.elements()));
    runner->input_ = TensorView::dense(runner->src_.data(), DType::f32, shape);
    INK_TRY_STATUS(runner->set_threads(request.threads));
    const RegionPlan& plan = runner->session_->plan();
    const Shape result = plan.flow->shape(runner->network_.prepared->graph().outputs[0]);
    runner->dst_ = AlignedBuffer<float>(static_cast<size_t>(result.elements()));
    runner->output_ = TensorView::dense(runner->dst_.data(), DType::f32, result);
    return std::unique_ptr<BenchRunner>(std::move(runner));
  }

  std::span<std::byte> src() override { return std::as_writable_bytes(std::span(src_.data(), src_.size())); }
  std::span<const float> dst() const override { return {dst_.data(), dst_.size()}; }
  Result<double> run() override {
    return milliseconds_of([&] { return session_->run({&input_, 1}, {&output_, 1}); });
  }
  // A session for each number, kept.
  Status set_threads(int threads) override {
    session_ = sessions_[threads].get();
    if (session_ != nullptr) return {};
    RegionRequest regions;
    regions.threads = threads;
    INK_TRY(std::shared_ptr<const RegionPlan> plan, network_.prepared->regions({&input_.shape, 1}, regions));
    sessions_[threads] = std::make_unique<RegionSession>(std::move(plan));
    session_ = sessions_[threads].get();
    return {};
  }
  double flops() const override { return session_->plan().flops; }
  std::string shape() const override { return input_.shape.text(); }
  Result<std::vector<LayerTime>> layers(int rounds) override {
    session_->measure_nodes();
    for (int round = 0; round < rounds; ++round) INK_TRY_STATUS(run().status());
    return layer_times(*session_, network_.prepared->graph(), rounds);
  }
  void make_up_input() override { make_up_pixels(src_); }

 private:
  RegionRunner() = default;
  Network network_;
  AlignedBuffer<float> src_, dst_;
  TensorView input_, output_;
  std::map<int, std::unique_ptr<RegionSession>> sessions_;
  RegionSession* session_ = nullptr;  // of them, the one that runs
};

double planned_flops(const PreparedModel& network, std::span<const Shape> shapes, int threads) {
  const auto plan = network.plan(shapes, threads);
  return plan.ok() ? (*plan)->flops() : 0;
}

class PictureRunner : public BenchRunner {
 public:
  static Result<std::unique_ptr<BenchRunner>> create(const LoadedModel& loaded, const BenchRequest& request) {
    auto runner = std::unique_ptr<PictureRunner>(new PictureRunner);
    INK_TRY(runner->network_,
            PictureNetwork::create(loaded, names(request.output), "", request.threads, request.once));
    const PictureSize size = runner->network_.size;
    Shape shape{1, size.h, size.w, 3};
    if (std::ranges::count(request.shape, 'x') == 0 && !request.shape.empty()) {
      INK_TRY(shape.n, parse_int(request.shape, "pictures", 1, 1 << 16));
    } else if (!request.shape.empty()) {
      INK_TRY(const Shape asked, parse_shape(request.shape));
      shape.n = asked.n;
      if (!(asked == shape)) {
        return Error{ErrorKind::usage,
                     concat("the model takes ", shape.text(), ", and ", request.shape, " is another size")};
      }
    }
    const auto n = static_cast<size_t>(shape.n);
    runner->shape_ = shape;
    runner->threads_ = request.threads;
    runner->src_ = AlignedBuffer<float>(static_cast<size_t>(shape.elements()));
    runner->dst_ = AlignedBuffer<float>(n * static_cast<size_t>(runner->network_.model->outputs()[0].size));
    return std::unique_ptr<BenchRunner>(std::move(runner));
  }

  std::span<std::byte> src() override { return std::as_writable_bytes(std::span(src_.data(), src_.size())); }
  std::span<const float> dst() const override { return {dst_.data(), dst_.size()}; }
  Result<double> run() override {
    float* const dst = dst_.data();
    return milliseconds_of([&] { return network_.model->run(src_.data(), shape_.n, {&dst, 1}, threads_); });
  }
  Status set_threads(int threads) override {
    threads_ = threads;
    return {};
  }
  double flops() const override { return planned_flops(network_.model->network(), {&shape_, 1}, threads_); }
  Result<std::vector<LayerTime>> layers(int rounds) override {
    StepMeasurement measurement(network_.model->network(), threads_);
    const TensorView input = TensorView::dense(src_.data(), DType::f32, shape_);
    INK_TRY_STATUS(measurement.add({&input, 1}, rounds));
    return measurement.layers();
  }
  std::string shape() const override { return shape_.text(); }
  void make_up_input() override { make_up_pixels(src_); }

 private:
  PictureRunner() = default;
  PictureNetwork network_;
  Shape shape_;
  int threads_ = 1;
  AlignedBuffer<float> src_, dst_;
};

// In tokens. Error (usage): a text that the model does not take.
Result<std::vector<int>> text_lengths(const BenchRequest& request, int most_tokens) {
  constexpr int kMostTexts = 1 << 16, kFewestTokens = 2;
  if (!request.lengths.empty()) {
    std::vector<int> lengths;
    for (const std::string& length : split(request.lengths, ',')) {
      INK_TRY(lengths.emplace_back(), parse_int(length, "--lengths", kFewestTokens, most_tokens));
    }
    if (lengths.size() > static_cast<size_t>(kMostTexts)) {
      return Error{ErrorKind::usage,
                   concat("--lengths: expected at most ", kMostTexts, " texts, found ", lengths.size())};
    }
    return lengths;
  }
  if (request.shape.empty()) return std::vector<int>{most_tokens};
  const std::vector<std::string> sizes = split(request.shape, 'x');
  if (sizes.size() != 2) {
    return Error{ErrorKind::usage,
                 "expected a shape of texts and tokens such as 8x20, found \"" + request.shape + "\""};
  }
  INK_TRY(const int texts, parse_int(sizes[0], "texts", 1, kMostTexts));
  INK_TRY(const int tokens, parse_int(sizes[1], "tokens", kFewestTokens, most_tokens));
  return std::vector<int>(static_cast<size_t>(texts), tokens);
}

class TextRunner : public BenchRunner {
 public:
  static Result<std::unique_ptr<BenchRunner>> create(const LoadedModel& loaded, const BenchRequest& request) {
    auto runner = std::unique_ptr<TextRunner>(new TextRunner);
    INK_TRY(runner->model_, loaded.architecture->text(loaded.store, {.outputs = names(request.output),
                                                                     .threads = request.threads,
                                                                     .once = request.once,
                                                                     .precision = loaded.precision}));
    INK_TRY(runner->lengths_, text_lengths(request, runner->model_->max_tokens()));
    runner->threads_ = request.threads;
    runner->src_.resize(static_cast<size_t>(runner->tokens()));
    runner->dst_ = AlignedBuffer<float>(runner->lengths_.size() *
                                        static_cast<size_t>(runner->model_->outputs()[0].size));
    // A text begins and ends with the tokens of its kind, for some models look for the latter.
    const auto tokenizer = load_tokenizer(loaded.path, *loaded.store, {}, runner->model_->max_tokens());
    if (tokenizer.ok()) {
      runner->start_ = (*tokenizer)->start_id();
      runner->end_ = (*tokenizer)->end_id();
    }
    return std::unique_ptr<BenchRunner>(std::move(runner));
  }

  std::span<std::byte> src() override { return std::as_writable_bytes(std::span(src_)); }
  std::span<const float> dst() const override { return {dst_.data(), dst_.size()}; }
  Result<double> run() override {
    std::vector<std::vector<int32_t>> texts;
    auto at = src_.begin();
    for (const int length : lengths_) {
      texts.emplace_back(at, at + length);
      at += length;
    }
    float* const dst = dst_.data();
    return milliseconds_of([&] { return model_->run(texts, {&dst, 1}, threads_); });
  }
  Status set_threads(int threads) override {
    threads_ = threads;
    return {};
  }
  double flops() const override {
    // The texts are one row of tokens to the network, which only attention cuts up; counted as if evenly.
    const auto texts = static_cast<int>(lengths_.size());
    const std::array<Shape, 2> shapes{Shape{1, 1, tokens(), 1}, Shape{1, 1, texts + 1, 1}};
    return planned_flops(model_->network(), shapes, threads_);
  }
  // As many texts at once as the network's values stay small for.
  Result<std::vector<LayerTime>> layers(int rounds) override {
    constexpr int kTokensAtOnce = 2048;
    StepMeasurement measurement(model_->network(), threads_);
    int32_t* ids = src_.data();
    std::vector<int32_t> segments{0};
    for (size_t i = 0; i < lengths_.size(); ++i) {
      segments.push_back(segments.back() + lengths_[i]);
      if (i + 1 < lengths_.size() && segments.back() + lengths_[i + 1] <= kTokensAtOnce) continue;
      const TensorView inputs[] = {
          TensorView::dense(ids, DType::i32, {1, 1, segments.back(), 1}),
          TensorView::dense(segments.data(), DType::i32, {1, 1, static_cast<int>(segments.size()), 1})};
      INK_TRY_STATUS(measurement.add(inputs, rounds));
      ids += segments.back();
      segments = {0};
    }
    return measurement.layers();
  }
  std::string shape() const override {
    const auto [least, most] = std::ranges::minmax(lengths_);
    return concat(lengths_.size(), "x", least, least == most ? "" : concat("..", most));
  }
  void make_up_input() override {
    auto id = src_.begin();
    for (const int length : lengths_) {
      // Rising, for where no end token is known the largest may stand for it.
      for (int at = 0; at < length; ++at) {
        *id++ = at == 0 && start_ >= 0 ? start_ : at == length - 1 && end_ >= 0 ? end_ : 5 + at % 1000;
      }
    }
  }

 private:
  TextRunner() = default;
  int tokens() const { return std::accumulate(lengths_.begin(), lengths_.end(), 0); }

  std::unique_ptr<TextModel> model_;
  std::vector<int> lengths_;
  int threads_ = 1;
  int32_t start_ = -1, end_ = -1;
  std::vector<int32_t> src_;
  AlignedBuffer<float> dst_;
};

}  // namespace

Result<std::unique_ptr<BenchRunner>> make_bench_runner(const LoadedModel& loaded,
                                                       const BenchRequest& request) {
  const Architecture& architecture = *loaded.architecture;
  const bool of_texts = std::ranges::count(request.shape, 'x') == 1 || !request.lengths.empty();
  if (!request.lengths.empty() && architecture.text == nullptr) {
    return Error{ErrorKind::usage, concat("--lengths: ", architecture.title, " takes no texts")};
  }
  if (architecture.text != nullptr && (of_texts || architecture.image == nullptr)) {
    return TextRunner::create(loaded, request);
  }
  if (architecture.image != nullptr) return PictureRunner::create(loaded, request);
  return RegionRunner::create(loaded, request);
}

}  // namespace ink::cli
