#include "models/realcugan.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <mutex>

#include "engine/ops/ops.h"
#include "engine/regions/region_session.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"
#include "kernels/pixels/pixels.h"
#include "models/blocks/cugan_unet.h"
#include "models/finite_values.h"

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

int round_up(int size, int multiple) { return divide_up(size, multiple) * multiple; }

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

bool is_finite(const View<const float>& map, const Rect& region) {
  bool good = true;
  for (int y = region.y0; y < region.y1; ++y) {
    const auto samples = static_cast<size_t>(region.w() * map.pixel_stride);
    good &= all_finite({map.at(0, y, region.x0), samples});
  }
  return good;
}

// How samples and the network's values go together: value = sample / gain + offset, and back.
template <class Sample>
float gain_of(const RealCuganConfig& config) {
  constexpr int kWhite = std::numeric_limits<Sample>::max();
  return config.pro ? static_cast<float>(kWhite / 0.7) : static_cast<float>(kWhite);
}

float offset_of(const RealCuganConfig& config) { return config.pro ? 0.15f : 0.0f; }

}  // namespace

struct RealCugan::Impl {
  RealCuganConfig config;
  WeightStore store;
  Isa isa = Isa::reference;
  int packing_threads = 1;
  std::array<float, 256> values_of_bytes{};
  std::mutex mutex;
  std::map<float, std::unique_ptr<PreparedModel>> networks;  // by strength
  // Those last used, for next pictures of their size; more than one where pictures were computed side by
  // side.
  std::vector<std::unique_ptr<RegionSession>> idle;

  // The network's value of a sample: np2tensor of the original.
  float value_of(uint8_t sample) const { return values_of_bytes[sample]; }
  float value_of(uint16_t sample) const {
    return static_cast<float>(sample) / gain_of<uint16_t>(config) + offset_of(config);
  }

  Shape framed(int h, int w) const {
    const Framing frame = framing(config.scale);
    return {1, round_up(h, frame.multiple) + 2 * frame.margin, round_up(w, frame.multiple) + 2 * frame.margin,
            3};
  }

  uint64_t sum_bytes(int w, int h, const UpscaleOptions& options) const {
    const uint64_t scale = static_cast<uint64_t>(config.scale);
    const uint64_t samples = static_cast<uint64_t>(w) * static_cast<uint64_t>(h) * 3 * scale * scale;
    return options.tta ? samples * sizeof(float) : 0;
  }

  RegionRequest request(int w, int h, const UpscaleOptions& options) const {
    const uint64_t sum = sum_bytes(w, h, options);
    return {options.threads, options.memory_limit - std::min(options.memory_limit, sum), options.region,
            !options.spill_folder.empty()};
  }

  std::unique_ptr<RegionSession> take_idle(const RegionPlan* plan) {
    std::vector<std::unique_ptr<RegionSession>> stale;
    const std::lock_guard lock(mutex);
    if (idle.empty()) return nullptr;
    if (&idle.back()->plan() != plan) {
      // Sessions of another size only hold memory that the new one needs.
      stale.swap(idle);
      return nullptr;
    }
    std::unique_ptr<RegionSession> kept = std::move(idle.back());
    idle.pop_back();
    return kept;
  }

  void keep_idle(std::unique_ptr<RegionSession> session) {
    std::vector<std::unique_ptr<RegionSession>> stale;
    const std::lock_guard lock(mutex);
    if (!idle.empty() && &idle.back()->plan() != &session->plan()) stale.swap(idle);
    idle.push_back(std::move(session));
  }

  Result<std::unique_ptr<RegionSession>> take_session(const std::shared_ptr<const RegionPlan>& plan,
                                                      const UpscaleOptions& options) {
    if (std::unique_ptr<RegionSession> kept = take_idle(plan.get()); kept != nullptr) return kept;
    SpillFile spill;
    if (plan->spill_bytes > 0) {
      INK_TRY(spill, SpillFile::create(options.spill_folder, plan->spill_bytes));
    }
    return std::make_unique<RegionSession>(plan, std::move(spill));
  }

  // Rounds as forward() of the original does.
  template <class Sample>
  void to_picture(View<const float> upscaled, const View<Sample>& dst, const Rect& region,
                  int threads) const {
    // The frame was rounded up: the map may have more than the picture.
    upscaled.h = dst.h;
    upscaled.w = dst.w;
    const PixelsVariant& pixels = choose_pixels(isa);
    const float offset = offset_of(config), gain = gain_of<Sample>(config);
    if constexpr (sizeof(Sample) == 1) {
      to_u8_run(pixels, offset, gain, upscaled, dst, region, threads);
    } else {
      to_u16_run(pixels, offset, gain, upscaled, dst, region, threads);
    }
  }
};

// Between a picture and the network on one of its turns: frames, scales and rounds.
template <class Sample>
class RealCugan::Ends : public RegionEnds {
 public:
  // sum: where the results of all turns are added up, in the orientation of the picture; or nullptr, and the
  // result is rounded to dst.
  Ends(const Impl& impl, const Symmetry& turn, const Sample* src, int w, int h, Sample* dst, float* sum)
      : impl_(impl),
        turn_(turn),
        src_(src),
        dst_(dst),
        sum_(sum),
        framed_(impl.framed(turn.h(h, w), turn.w(h, w))),
        frame_(turned_offsets(turn, h, w, framing(impl.config.scale).margin, framed_.h, framed_.w)),
        plain_(turned_offsets(turn, h, w, 0, turn.h(h, w), turn.w(h, w))),
        dst_h_(h * impl.config.scale),
        dst_w_(w * impl.config.scale) {}

  const Shape& framed() const { return framed_; }

  Status read(int, const TensorView& part, Rect region, int threads) override {
    const View<float> map = part.floats();
    parallel_for(region.h(), threads, [&](int64_t row, int) {
      const int y = region.y0 + static_cast<int>(row);
      float* dst = map.at(0, y, region.x0);
      const Sample* src = src_ + frame_.rows[static_cast<size_t>(y)];
      for (int x = region.x0; x < region.x1; ++x) {
        const Sample* pixel = src + frame_.columns[static_cast<size_t>(x)];
        for (int c = 0; c < 3; ++c) *dst++ = impl_.value_of(pixel[c]);
      }
    });
    return {};
  }

  Status write(int, const TensorView& part, Rect region, int threads) override {
    // The frame was rounded up: what it has beyond the picture goes.
    region.y1 = std::min(region.y1, turn_.h(dst_h_, dst_w_));
    region.x1 = std::min(region.x1, turn_.w(dst_h_, dst_w_));
    if (region.h() <= 0 || region.w() <= 0) return {};
    const View<float> map = part.floats();
    if (!is_finite(map, region)) {
      return Error{ErrorKind::model,
                   impl_.store.origin() + ": the network's result is not finite: its weights are broken"};
    }
    if (impl_.config.scale == 4) add_nearest(map, region, threads);
    if (sum_ != nullptr) {
      add_turned(map, region, threads);
    } else {
      impl_.to_picture(map, dense_view(dst_, 1, dst_h_, dst_w_, 3), region, threads);
    }
    return {};
  }

 private:
  // UpCunet4x adds the picture itself, each pixel repeated 4 x 4 times.
  void add_nearest(const View<float>& map, const Rect& region, int threads) const {
    parallel_for(region.h(), threads, [&](int64_t row, int) {
      const int y = region.y0 + static_cast<int>(row);
      float* dst = map.at(0, y, region.x0);
      const Sample* src = src_ + plain_.rows[static_cast<size_t>(y / 4)];
      for (int x = region.x0; x < region.x1; ++x) {
        const Sample* pixel = src + plain_.columns[static_cast<size_t>(x / 4)];
        for (int c = 0; c < 3; ++c) *dst++ += impl_.value_of(pixel[c]);
      }
    });
  }

  void add_turned(const View<float>& map, const Rect& region, int threads) const {
    const int turned_h = turn_.h(dst_h_, dst_w_), turned_w = turn_.w(dst_h_, dst_w_);
    parallel_for(region.h(), threads, [&](int64_t row, int) {
      const int turned_y = region.y0 + static_cast<int>(row);
      const float* from = map.at(0, turned_y, region.x0);
      for (int turned_x = region.x0; turned_x < region.x1; ++turned_x) {
        int64_t y = turn_.flip_y ? turned_h - 1 - turned_y : turned_y;
        int64_t x = turn_.flip_x ? turned_w - 1 - turned_x : turned_x;
        if (turn_.transpose) std::swap(y, x);
        float* dst = sum_ + (y * dst_w_ + x) * 3;
        for (int c = 0; c < 3; ++c) dst[c] += *from++;
      }
    });
  }

  const Impl& impl_;
  Symmetry turn_;
  const Sample* src_;
  Sample* dst_;
  float* sum_;
  Shape framed_;
  Offsets frame_, plain_;
  int dst_h_, dst_w_;
};

RealCugan::RealCugan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RealCugan::~RealCugan() = default;

Result<std::unique_ptr<RealCugan>> RealCugan::create(WeightStore store, Isa isa, int threads) {
  if (store.metadata(kArchitectureKey) != kRealCuganArchitecture) {
    return Error{ErrorKind::model, store.origin() + ": expected a model of architecture realcugan, found \"" +
                                       std::string(store.metadata(kArchitectureKey)) + "\""};
  }
  auto impl = std::make_unique<Impl>();
  INK_TRY(impl->config, RealCuganConfig::from_json(store.metadata(kConfigKey)));
  impl->store = std::move(store);
  impl->isa = isa;
  impl->packing_threads = threads;
  for (int i = 0; i < 256; ++i) {
    impl->values_of_bytes[static_cast<size_t>(i)] =
        static_cast<float>(i) / gain_of<uint8_t>(impl->config) + offset_of(impl->config);
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
        PreparedModel::prepare(std::move(graph), impl_->store, impl_->isa, impl_->packing_threads);
    if (!prepared.ok()) {
      return Error{prepared.error().kind, impl_->store.origin() + ": " + prepared.error().message};
    }
    network = std::move(*prepared);
  }
  return const_cast<const PreparedModel*>(network.get());
}

uint64_t RealCugan::idle_bytes() const {
  const std::lock_guard lock(impl_->mutex);
  uint64_t bytes = 0;
  for (const auto& session : impl_->idle) bytes += session->plan().memory_bytes();
  return bytes;
}

void RealCugan::release_idle() {
  const std::lock_guard lock(impl_->mutex);
  impl_->idle.clear();
}

Result<std::shared_ptr<const RegionPlan>> RealCugan::plan(int w, int h, const UpscaleOptions& options) {
  INK_TRY(const PreparedModel* network, this->network(options.strength));
  const Shape framed = impl_->framed(h, w);
  return network->regions({&framed, 1}, impl_->request(w, h, options));
}

Result<uint64_t> RealCugan::least_memory(int w, int h, const UpscaleOptions& options) {
  INK_TRY(const PreparedModel* network, this->network(options.strength));
  uint64_t least = 0;
  for (const bool transpose : {false, true}) {
    if (transpose && !options.tta) break;
    const Shape framed = transpose ? impl_->framed(w, h) : impl_->framed(h, w);
    INK_TRY(const std::shared_ptr<const Flow> flow, network->flow({&framed, 1}));
    least = std::max(least, least_region_memory(flow, impl_->request(w, h, options)));
  }
  return least + impl_->sum_bytes(w, h, options);
}

template <class Sample>
Status RealCugan::upscale_samples(const Sample* src, int w, int h, Sample* dst,
                                  const UpscaleOptions& options) {
  INK_CHECK(w > 0 && h > 0 && options.threads > 0);
  INK_TRY(const PreparedModel* network, this->network(options.strength));
  const size_t samples = static_cast<size_t>(h) * static_cast<size_t>(w) * 3 *
                         static_cast<size_t>(impl_->config.scale * impl_->config.scale);
  const size_t turns = options.tta ? std::size(kSymmetries) : 1;
  AlignedBuffer<float> sum(options.tta ? samples : 0);
  std::fill(sum.begin(), sum.end(), 0.0f);
  for (size_t i = 0; i < turns; ++i) {
    const Symmetry& turn = kSymmetries[i];
    Ends<Sample> ends(*impl_, turn, src, w, h, dst, options.tta ? sum.data() : nullptr);
    INK_TRY(const std::shared_ptr<const RegionPlan> plan,
            network->regions({&ends.framed(), 1}, impl_->request(w, h, options)));
    INK_TRY(std::unique_ptr<RegionSession> session, impl_->take_session(plan, options));
    RegionSession::Progress progress;
    if (options.progress) {
      progress = [&](double done) {
        return options.progress((static_cast<double>(i) + done) / static_cast<double>(turns));
      };
    }
    INK_TRY_STATUS(session->run(ends, progress));
    impl_->keep_idle(std::move(session));
  }
  if (options.tta) {
    for (float& value : sum) value /= static_cast<float>(turns);
    const int dst_h = h * impl_->config.scale, dst_w = w * impl_->config.scale;
    impl_->to_picture(dense_view(static_cast<const float*>(sum.data()), 1, dst_h, dst_w, 3),
                      dense_view(dst, 1, dst_h, dst_w, 3), {0, 0, dst_h, dst_w}, options.threads);
  }
  return {};
}

Status RealCugan::upscale(const uint8_t* src, int w, int h, uint8_t* dst, const UpscaleOptions& options) {
  return upscale_samples(src, w, h, dst, options);
}

Status RealCugan::upscale(const uint16_t* src, int w, int h, uint16_t* dst, const UpscaleOptions& options) {
  return upscale_samples(src, w, h, dst, options);
}

}  // namespace ink
