#include "models/realcugan.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "engine/ops/ops.h"
#include "engine/session.h"
#include "kernels/base/parallel.h"
#include "kernels/pixels/pixels.h"
#include "models/blocks/cugan_unet.h"

namespace ink {
namespace {

// How many pixels of context the network takes on each side, and what it needs the size to be a multiple of:
// forward() with tile_mode 0 of UpCunet2x, 3x and 4x.
struct Framing {
  int margin, multiple;
};

Framing framing(int scale) {
  if (scale == 3) return {14, 4};
  return {scale == 4 ? 19 : 18, 2};
}

int round_up(int size, int multiple) { return (size + multiple - 1) / multiple * multiple; }

Result<Graph> build_graph(const RealCuganConfig& config, float strength) {
  GraphBuilder graph;
  const int middle = config.scale == 4 ? 64 : 3;
  Value x = graph.input("picture", {1, Shape::kUnknown, Shape::kUnknown, 3});
  x = CuganUnet{graph, "unet1", 3, middle, config.squeeze_excite}.unet1(x, config.scale == 3 ? 3 : 2);
  const Value inner = graph.add("unet1.crop", crop({20, 20, 20, 20}), {x});
  const Value x0 = CuganUnet{graph, "unet2", middle, middle, config.squeeze_excite}.unet2(x, strength);
  x = graph.add("add", binary(BinaryOp::add), {x0, inner});
  if (config.scale == 4) {
    const ConvParams params{.ic = 64, .oc = 12, .kh = 3, .kw = 3};
    x = graph.add("conv_final", conv2d({"conv_final.weight", "conv_final.bias", params}), {x});
    x = graph.add("conv_final.crop", crop({1, 1, 1, 1}), {x});
    x = graph.add("pixel_shuffle", pixel_shuffle(2), {x});
  }
  graph.output("upscaled", x);
  return graph.finish();
}

// numpy's 'reflect': the edge is not repeated, and what is narrower than the padding is reflected again.
int reflect(int i, int size) {
  if (size == 1) return 0;
  const int period = 2 * (size - 1);
  i %= period;
  if (i < 0) i += period;
  return i < size ? i : period - i;
}

// One of the eight symmetries of the square: flips first, then the axes swapped back where `transpose` is
// set.
struct Symmetry {
  bool transpose = false, flip_y = false, flip_x = false;

  int h(int ih, int iw) const { return transpose ? iw : ih; }
  int w(int ih, int iw) const { return transpose ? ih : iw; }
};

constexpr Symmetry kSymmetries[] = {
    {false, false, false}, {false, false, true}, {false, true, false}, {false, true, true},
    {true, false, false},  {true, false, true},  {true, true, false},  {true, true, true},
};

// Where the elements of a turned and framed picture lie in the picture it is made from: element (y, x) at
// rows[y] + columns[x].
struct Offsets {
  std::vector<int64_t> rows, columns;
};

// h, w: the picture's size; frame: how far the turned picture reaches beyond its edges, filled by reflection;
// sizes: of the framed, turned picture.
Offsets turned_offsets(const Symmetry& turn, int h, int w, int frame, int framed_h, int framed_w) {
  const auto axis = [&](int framed, int size, bool flip, int64_t stride) {
    std::vector<int64_t> offsets;
    for (int i = 0; i < framed; ++i) {
      const int at = reflect(i - frame, size);
      offsets.push_back((flip ? size - 1 - at : at) * stride);
    }
    return offsets;
  };
  const int64_t row = static_cast<int64_t>(w) * 3, pixel = 3;
  return {axis(framed_h, turn.h(h, w), turn.flip_y, turn.transpose ? pixel : row),
          axis(framed_w, turn.w(h, w), turn.flip_x, turn.transpose ? row : pixel)};
}

bool all_finite(const float* values, int64_t count, int threads) {
  constexpr int64_t kChunk = 1 << 16;
  std::atomic<bool> finite{true};
  parallel_for((count + kChunk - 1) / kChunk, threads, [&](int64_t chunk, int) {
    bool good = true;
    for (int64_t i = chunk * kChunk; i < std::min(count, (chunk + 1) * kChunk); ++i) {
      good &= std::abs(values[i]) <= std::numeric_limits<float>::max();
    }
    if (!good) finite.store(false, std::memory_order_relaxed);
  });
  return finite.load();
}

}  // namespace

struct RealCugan::Impl {
  RealCuganConfig config;
  WeightStore store;
  Isa isa = Isa::reference;
  // The network's value of each 8-bit sample: np2tensor of the original.
  std::array<float, 256> value_of{};
  std::mutex mutex;
  std::map<float, std::unique_ptr<PreparedModel>> networks;  // by strength
  std::unique_ptr<Session> idle;  // the last one used, for a next picture of its size

  // Sizes around one run of the network on an (h, w) picture.
  struct Sizes {
    Shape framed, upscaled;
    size_t float_bytes() const {
      return static_cast<size_t>(framed.elements() + upscaled.elements()) * sizeof(float);
    }
  };

  Result<std::shared_ptr<const Plan>> plan(const PreparedModel& network, int h, int w, int threads,
                                           Sizes& sizes) {
    const Framing frame = framing(config.scale);
    sizes.framed = {1, round_up(h, frame.multiple) + 2 * frame.margin,
                    round_up(w, frame.multiple) + 2 * frame.margin, 3};
    INK_TRY(std::shared_ptr<const Plan> plan, network.plan({&sizes.framed, 1}, threads));
    sizes.upscaled = plan->shapes[static_cast<size_t>(network.graph().outputs[0])];
    return plan;
  }

  std::unique_ptr<Session> take_session(const PreparedModel& network,
                                        const std::shared_ptr<const Plan>& plan) {
    {
      const std::lock_guard lock(mutex);
      // A session of another size only holds memory that the new one needs: it goes here.
      std::unique_ptr<Session> last = std::move(idle);
      if (last != nullptr && &last->plan() == plan.get()) return last;
    }
    return std::make_unique<Session>(network, plan);
  }

  // Runs the network on the picture turned by `turn`; upscaled gets the result before rounding.
  Status run(const PreparedModel& network, const Symmetry& turn, const uint8_t* src, int w, int h,
             int threads, const Session::Progress& progress, Sizes& sizes, AlignedBuffer<float>& upscaled) {
    const int turned_h = turn.h(h, w), turned_w = turn.w(h, w);
    INK_TRY(const std::shared_ptr<const Plan> plan, this->plan(network, turned_h, turned_w, threads, sizes));
    upscaled = {};  // that of a turn before, ahead of taking more memory
    std::unique_ptr<Session> session = take_session(network, plan);
    AlignedBuffer<float> framed(static_cast<size_t>(sizes.framed.elements()));
    upscaled = AlignedBuffer<float>(static_cast<size_t>(sizes.upscaled.elements()));

    const Shape& size = sizes.framed;
    const Offsets from = turned_offsets(turn, h, w, framing(config.scale).margin, size.h, size.w);
    parallel_for(size.h, threads, [&](int64_t y, int) {
      float* dst = framed.data() + y * size.w * 3;
      const uint8_t* row = src + from.rows[static_cast<size_t>(y)];
      for (const int64_t column : from.columns) {
        for (int c = 0; c < 3; ++c) *dst++ = value_of[row[column + c]];
      }
    });
    const TensorView input = TensorView::dense(framed.data(), DType::f32, sizes.framed);
    const TensorView output = TensorView::dense(upscaled.data(), DType::f32, sizes.upscaled);
    INK_TRY_STATUS(session->run({&input, 1}, {&output, 1}, progress));
    if (!all_finite(upscaled.data(), sizes.upscaled.elements(), threads)) {
      return Error{ErrorKind::model,
                   store.origin() + ": the network's result is not finite: its weights are broken"};
    }
    if (config.scale == 4) add_nearest(turn, src, w, h, threads, sizes, upscaled.data());
    const std::lock_guard lock(mutex);
    idle = std::move(session);
    return {};
  }

  // UpCunet4x adds the picture itself, each pixel repeated 4 x 4 times.
  void add_nearest(const Symmetry& turn, const uint8_t* src, int w, int h, int threads, const Sizes& sizes,
                   float* upscaled) const {
    const int turned_h = turn.h(h, w), turned_w = turn.w(h, w);
    const Offsets from = turned_offsets(turn, h, w, 0, turned_h, turned_w);
    parallel_for(turned_h * 4, threads, [&](int64_t y, int) {
      float* dst = upscaled + y * sizes.upscaled.w * 3;
      const uint8_t* row = src + from.rows[static_cast<size_t>(y / 4)];
      for (int x = 0; x < turned_w * 4; ++x) {
        const uint8_t* pixel = row + from.columns[static_cast<size_t>(x / 4)];
        for (int c = 0; c < 3; ++c) *dst++ += value_of[pixel[c]];
      }
    });
  }

  // mean += result / 8, each in the orientation of the original picture, which is dst_h x dst_w.
  void add_turned(const Symmetry& turn, int dst_h, int dst_w, const Sizes& sizes, const float* upscaled,
                  int threads, float* sum) const {
    const int64_t row = static_cast<int64_t>(sizes.upscaled.w) * 3, pixel = 3;
    const int turned_h = turn.h(dst_h, dst_w), turned_w = turn.w(dst_h, dst_w);
    parallel_for(dst_h, threads, [&](int64_t y, int) {
      float* dst = sum + y * dst_w * 3;
      for (int x = 0; x < dst_w; ++x) {
        int64_t ty = turn.transpose ? x : y, tx = turn.transpose ? y : x;
        if (turn.flip_y) ty = turned_h - 1 - ty;
        if (turn.flip_x) tx = turned_w - 1 - tx;
        const float* from = upscaled + ty * row + tx * pixel;
        for (int c = 0; c < 3; ++c) *dst++ += from[c];
      }
    });
  }

  // Rounds as forward() of the original does.
  void to_picture(const float* upscaled, int row_pixels, int dst_h, int dst_w, uint8_t* dst,
                  int threads) const {
    const float offset = config.pro ? 0.15f : 0.0f;
    const float gain = config.pro ? static_cast<float>(255 / 0.7) : 255.0f;
    View<const float> from = dense_view(upscaled, 1, dst_h, row_pixels, 3);
    from.w = dst_w;
    to_u8_run(choose_pixels(isa), offset, gain, from, dense_view(dst, 1, dst_h, dst_w, 3),
              {0, 0, dst_h, dst_w}, threads);
  }
};

RealCugan::RealCugan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RealCugan::~RealCugan() = default;

Result<std::unique_ptr<RealCugan>> RealCugan::create(WeightStore store, Isa isa) {
  if (store.metadata(kArchitectureKey) != kRealCuganArchitecture) {
    return Error{ErrorKind::model, store.origin() + ": expected a model of architecture realcugan, found \"" +
                                       std::string(store.metadata(kArchitectureKey)) + "\""};
  }
  auto impl = std::make_unique<Impl>();
  INK_TRY(impl->config, RealCuganConfig::from_json(store.metadata(kConfigKey)));
  impl->store = std::move(store);
  impl->isa = isa;
  for (int i = 0; i < 256; ++i) {
    const float sample = static_cast<float>(i);
    impl->value_of[static_cast<size_t>(i)] =
        impl->config.pro ? sample / static_cast<float>(255 / 0.7) + 0.15f : sample / 255.0f;
  }
  std::unique_ptr<RealCugan> model(new RealCugan(std::move(impl)));
  INK_TRY_STATUS(model->network(1.0f).status());
  return model;
}

const RealCuganConfig& RealCugan::config() const { return impl_->config; }

Result<const PreparedModel*> RealCugan::network(float strength) {
  if (!(strength >= kMinStrength && strength <= kMaxStrength)) {
    return Error{ErrorKind::usage,
                 "the strength must be from 0.75 to 1.3, found " + std::to_string(strength)};
  }
  const std::lock_guard lock(impl_->mutex);
  std::unique_ptr<PreparedModel>& network = impl_->networks[strength];
  if (network == nullptr) {
    INK_TRY(Graph graph, build_graph(impl_->config, strength));
    Result<std::unique_ptr<PreparedModel>> prepared =
        PreparedModel::prepare(std::move(graph), impl_->store, impl_->isa);
    if (!prepared.ok()) {
      return Error{prepared.error().kind, impl_->store.origin() + ": " + prepared.error().message};
    }
    network = std::move(*prepared);
  }
  return const_cast<const PreparedModel*>(network.get());
}

Result<uint64_t> RealCugan::memory_needed(int w, int h, const UpscaleOptions& options) {
  INK_TRY(const PreparedModel* network, this->network(options.strength));
  uint64_t most = 0;
  for (const bool transpose : {false, true}) {
    if (transpose && !options.tta) break;
    Impl::Sizes sizes;
    INK_TRY(const auto plan,
            impl_->plan(*network, transpose ? w : h, transpose ? h : w, options.threads, sizes));
    most = std::max<uint64_t>(most, plan->memory_bytes() + sizes.float_bytes());
  }
  const uint64_t samples = static_cast<uint64_t>(w) * static_cast<uint64_t>(h) * 3;
  const uint64_t scale = static_cast<uint64_t>(impl_->config.scale);
  return most + network->packed_bytes() + (options.tta ? samples * scale * scale * sizeof(float) : 0);
}

Status RealCugan::upscale(const uint8_t* src, int w, int h, uint8_t* dst, const UpscaleOptions& options) {
  INK_CHECK(w > 0 && h > 0 && options.threads > 0);
  INK_TRY(const PreparedModel* network, this->network(options.strength));
  const int dst_h = h * impl_->config.scale, dst_w = w * impl_->config.scale;
  Impl::Sizes sizes;
  AlignedBuffer<float> upscaled;
  if (!options.tta) {
    INK_TRY_STATUS(
        impl_->run(*network, kSymmetries[0], src, w, h, options.threads, options.progress, sizes, upscaled));
    impl_->to_picture(upscaled.data(), sizes.upscaled.w, dst_h, dst_w, dst, options.threads);
    return {};
  }
  AlignedBuffer<float> sum(static_cast<size_t>(dst_h) * static_cast<size_t>(dst_w) * 3);
  std::fill(sum.begin(), sum.end(), 0.0f);
  constexpr double kTurns = std::size(kSymmetries);
  for (size_t i = 0; i < std::size(kSymmetries); ++i) {
    Session::Progress progress;
    if (options.progress) {
      progress = [&](double done) { return options.progress((static_cast<double>(i) + done) / kTurns); };
    }
    INK_TRY_STATUS(
        impl_->run(*network, kSymmetries[i], src, w, h, options.threads, progress, sizes, upscaled));
    impl_->add_turned(kSymmetries[i], dst_h, dst_w, sizes, upscaled.data(), options.threads, sum.data());
  }
  for (float& value : sum) value /= static_cast<float>(kTurns);
  impl_->to_picture(sum.data(), dst_w, dst_h, dst_w, dst, options.threads);
  return {};
}

}  // namespace ink
