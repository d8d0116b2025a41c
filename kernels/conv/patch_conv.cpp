#include "kernels/conv/patch_conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/base/caches.h"
#include "kernels/base/divide.h"
#include "kernels/base/parallel.h"

namespace ink {
namespace {

constexpr int kMostTaps = 64, kFewestChannels = 16;
constexpr int64_t kNoOffset[] = {0};
constexpr int64_t kFloatBytes = sizeof(float);

// Pieces that differ by one at most.
int piece_begin(int size, int pieces, int index) {
  return static_cast<int>(static_cast<int64_t>(size) * index / pieces);
}

template <class Map>
bool one_row(const Map& map) {
  return map.data == nullptr || map.row_stride == map.w * map.pixel_stride;
}

const float* factors_of(const View<const float>& scale, int image) {
  return scale.data == nullptr ? nullptr : scale.at(scale.n == 1 ? 0 : image, 0, 0);
}

// What both kinds of convolution need alike.
template <class Params>
const char* declines_alike(const Params& p) {
  if (p.kh != p.sh || p.kw != p.sw) return "kernels overlap or leave gaps";
  if (p.kh * p.kw == 1 || p.kh * p.kw > kMostTaps) return "kernel of one pixel or of many";
  if (p.pad_top != 0 || p.pad_left != 0 || p.pad_bottom != 0 || p.pad_right != 0) return "padded";
  if (p.groups != 1) return "groups";
  if (p.ic < kFewestChannels) return "few channels";
  return nullptr;
}

}  // namespace

// Cells lie in lines: those of a row of a map or, where rows would be cut into tiles of few, of a whole map.
struct PatchConv::Job {
  View<const float> src, residual;
  Scales scales;
  View<float> dst;
  Epilogue epilogue;
  Rect region, cells;
  bool flat = false;  // a line is a map
  bool interleaved = false;
  int length = 0;             // cells a line
  int first = 0, last = 0;    // 1 where the first cell, the last cell of a line is there in part
  int pieces = 0, lines = 0;  // of a line, of an image
  // Where a cell's inputs lie, and from cell to cell: a tap is a kernel row, or a pixel.
  int64_t taps[kMostTaps], cell_step = 0;
  int tap_count = 0, run = 0;
};

struct PatchConv::Piece {
  int image, y, x;  // of its first cell
  int count;
};

// Stretches of memory, of which each call of a tile asks for its share.
struct PatchConv::Ahead {
  struct Stretch {
    const float* begin;
    int64_t bytes;
  };
  Stretch stretches[16];
  int count = 0;
  int64_t bytes = 0, share = 0;  // share: of a call

  void add(const float* begin, int64_t floats) {
    if (count == std::ssize(stretches)) return;
    stretches[count++] = {begin, floats * kFloatBytes};
    bytes += floats * kFloatBytes;
  }
  void ask(int64_t call, int64_t step, GemmTileArgs& args) const {
    if (count == 0) return;
    int64_t at = share * call;
    int i = 0;
    while (i + 1 < count && at >= stretches[i].bytes) at -= stretches[i++].bytes;
    args.ahead = reinterpret_cast<const unsigned char*>(stretches[i].begin) + at;
    args.ahead_step = step;
  }
};

const char* PatchConv::declines(const ConvParams& p) {
  if (p.dh != 1 || p.dw != 1) return "dilated";
  const int64_t bytes = kFloatBytes * p.kh * p.kw * p.ic * p.oc;
  if (bytes > second_level_cache_bytes() / 2) return "too many weights";
  return declines_alike(p);
}

const char* PatchConv::declines(const DeconvParams& p) { return declines_alike(p); }

PatchConv::PatchConv(const GemmVariant& gemm, const BinaryVariant& binary, const ConvParams& params,
                     const ConvWeights& weights, const float* bias)
    : PatchConv(gemm, binary, {params.kh, params.kw}, {1, 1}, params.ic, params.oc) {
  INK_CHECK(declines(params) == nullptr);
  const ConvWeights::Steps steps = weights.steps(ic_, oc_, in_.area());
  std::vector<int64_t> offsets;
  for (int64_t tap = 0; tap < in_.area(); ++tap) {
    for (int i = 0; i < ic_; ++i) offsets.push_back(i * steps.ic + tap * steps.tap);
  }
  phases_.emplace_back(gemm, offsets, oc_, weights.data, steps.oc, bias, weights.factors);
  choose_tiles();
}

PatchConv::PatchConv(const GemmVariant& gemm, const BinaryVariant& binary, const DeconvParams& params,
                     const float* weights, const float* bias, const double* factors)
    : PatchConv(gemm, binary, {1, 1}, {params.kh, params.kw}, params.ic, params.oc) {
  INK_CHECK(declines(params) == nullptr);
  for (int64_t phase = 0; phase < out_.area(); ++phase) {
    std::vector<int64_t> offsets;
    for (int i = 0; i < ic_; ++i) offsets.push_back(int64_t{i} * oc_ * out_.area() + phase);
    phases_.emplace_back(gemm, offsets, oc_, weights, out_.area(), bias, factors);
  }
  choose_tiles();
}

size_t PatchConv::packed_bytes() const {
  size_t bytes = 0;
  for (const GemmPanels& phase : phases_) bytes += phase.bytes();
  return bytes;
}

// Rows of some tiles stay in the first-level cache, more of them where the weights, once a piece, come from
// further away than the second-level cache.
void PatchConv::choose_tiles() {
  constexpr int64_t kPieceBytes = 8 * 1024, kFarPieceBytes = 16 * 1024, kMostTiles = 8;
  const bool far = static_cast<int64_t>(packed_bytes()) * 4 > second_level_cache_bytes();
  tiles_ = static_cast<int>(std::clamp<int64_t>(
      (far ? kFarPieceBytes : kPieceBytes) / (kFloatBytes * gemm_->mr * k()), 1, kMostTiles));
}

size_t PatchConv::rows_floats() const {
  return align_up(static_cast<size_t>(piece_cells()) * static_cast<size_t>(k()), kAlignment / kFloatBytes);
}

size_t PatchConv::worker_floats() const {
  const size_t added = static_cast<size_t>(piece_cells()) * static_cast<size_t>(out_.area() * oc_);
  return 2 * rows_floats() + align_up(added, kAlignment / kFloatBytes);
}

void PatchConv::run(View<const float> src, View<float> dst, View<const float> residual, const Scales& scales,
                    const Epilogue& epilogue, Rect region, int threads, float* scratch) const {
  INK_CHECK(src.c == ic_ && dst.c == oc_);
  INK_CHECK(dst.h <= src.h / in_.h * out_.h && dst.w <= src.w / in_.w * out_.w);
  if (region.empty()) return;
  Job job;
  job.src = src, job.residual = residual, job.scales = scales, job.dst = dst;
  job.epilogue = epilogue, job.region = region;
  job.cells = {region.y0 / out_.h, region.x0 / out_.w, divide_up(region.y1, out_.h),
               divide_up(region.x1, out_.w)};
  // Copying costs as much as some panels.
  constexpr int kFewestPanels = 8;
  job.interleaved = gemm_->interleaved && phases_.front().count() * out_.area() >= kFewestPanels;
  // Rows that end in short tiles waste more than it costs to copy.
  const int width = job.cells.w(), mr = gemm_->mr;
  job.flat = out_.area() == 1 && region == dst.whole() && one_row(dst) && one_row(residual) &&
             width * 10 < divide_up(width, mr) * mr * 7;
  job.lines = job.flat ? 1 : job.cells.h();
  job.length = job.flat ? width * job.cells.h() : width;
  job.first = region.x0 % out_.w != 0 || (width == 1 && region.x1 % out_.w != 0) ? 1 : 0;
  job.last = width > 1 && region.x1 % out_.w != 0 ? 1 : 0;
  job.pieces = job.first + divide_up(job.length - job.first - job.last, piece_cells()) + job.last;

  const int row_taps = src.gapless() ? 1 : in_.w;
  job.tap_count = in_.h * row_taps;
  job.run = k() / job.tap_count;
  for (int t = 0; t < job.tap_count; ++t)
    job.taps[t] = t / row_taps * src.row_stride + t % row_taps * src.pixel_stride;
  job.cell_step = in_.w * src.pixel_stride;

  constexpr int kTasksPerThread = 8;
  const int64_t pieces = static_cast<int64_t>(dst.n) * job.lines * job.pieces;
  const int64_t tasks = threads == 1 ? 1 : std::min(pieces, int64_t{threads} * kTasksPerThread);
  parallel_for(tasks, threads, [&](int64_t task, int worker) {
    float* own = scratch + static_cast<size_t>(worker) * worker_floats();
    const int64_t behind = pieces * (task + 1) / tasks;
    for (int64_t i = pieces * task / tasks; i < behind; ++i) {
      const Piece next = piece_of(job, std::min(i + 1, behind - 1));
      run_piece(job, piece_of(job, i), i + 1 < behind ? &next : nullptr, own);
    }
  });
}

PatchConv::Piece PatchConv::piece_of(const Job& job, int64_t index) const {
  const int64_t line = index / job.pieces;
  const int piece = static_cast<int>(index % job.pieces);
  const int image = static_cast<int>(line / job.lines), row = static_cast<int>(line % job.lines);
  const int whole = job.pieces - job.first - job.last, cells = job.length - job.first - job.last;
  int begin = 0, end = 1;
  if (piece >= job.first + whole) {
    begin = job.length - 1, end = job.length;
  } else if (piece >= job.first) {
    begin = job.first + piece_begin(cells, whole, piece - job.first);
    end = job.first + piece_begin(cells, whole, piece - job.first + 1);
  }
  if (job.flat) return {image, begin / job.cells.w(), begin % job.cells.w(), end - begin};
  return {image, job.cells.y0 + row, job.cells.x0 + begin, end - begin};
}

// The left rows of a piece one after another, multiplied where they are to be.
void PatchConv::copy_rows(const Job& job, const Piece& piece, float* rows) const {
  const float* factors = factors_of(job.scales.src, piece.image);
  int y = piece.y, x = piece.x, count = 0;
  for (int left = piece.count; left > 0; left -= count, ++y, x = 0) {
    count = std::min(left, job.cells.x1 - x);
    const float* src = job.src.at(piece.image, y * in_.h, x * in_.w);
    for (int t = 0; t < job.tap_count; ++t) {
      const float* from = src + job.taps[t];
      float* to = rows + static_cast<int64_t>(t) * job.run;
      for (int i = 0; factors == nullptr && i < count; ++i)
        std::memcpy(to + int64_t{i} * k(), from + i * job.cell_step,
                    static_cast<size_t>(job.run) * sizeof(float));
      for (int c = 0; factors != nullptr && c < job.run; c += ic_) {
        binary_->row({from + c, factors, to + c, count, ic_, job.cell_step, 0, k(), false, BinaryOp::mul,
                      Activation::none, 0});
      }
    }
    rows += int64_t{count} * k();
  }
}

PatchConv::Ahead PatchConv::ahead_of(const Job& job, const Piece& next) const {
  Ahead ahead;
  const float* src = job.src.at(next.image, next.y * in_.h, next.x * in_.w);
  for (int r = 0; r < in_.h; ++r) ahead.add(src + r * job.src.row_stride, next.count * job.cell_step);
  const int x = std::max(job.region.x0, next.x * out_.w);
  const int64_t pixels = int64_t{next.count} * out_.w;
  for (int r = 0; r < out_.h; ++r) {
    const int y = next.y * out_.h + r;
    if (y < job.region.y0 || y >= job.region.y1) continue;
    if (job.residual.data != nullptr && job.residual.data != job.dst.data)
      ahead.add(job.residual.at(next.image, y, x), pixels * job.residual.pixel_stride);
    ahead.add(job.dst.at(next.image, y, x), pixels * job.dst.pixel_stride);
  }
  return ahead;
}

void PatchConv::run_piece(const Job& job, const Piece& piece, const Piece* next, float* scratch) const {
  const int tiles = divide_up(piece.count, gemm_->mr), panels = phases_.front().count();
  const auto cell = [&](int tile) { return piece_begin(piece.count, tiles, tile); };
  const int out_y = piece.y * out_.h, out_x = piece.x * out_.w;
  const Rect part = intersection(job.region, {out_y, out_x, out_y + out_.h, out_x + piece.count * out_.w});

  const bool copied = job.flat || job.scales.src.data != nullptr;
  const float* src = job.src.at(piece.image, piece.y * in_.h, piece.x * in_.w);
  int64_t step = job.cell_step;
  std::span<const int64_t> taps{job.taps, static_cast<size_t>(job.tap_count)};
  if (copied) {
    copy_rows(job, piece, scratch);
    src = scratch, step = k(), taps = kNoOffset;
  }
  const int run = k() / static_cast<int>(taps.size());
  float* const packed = scratch + rows_floats();
  for (int tile = 0; job.interleaved && tile < tiles; ++tile) {
    const int m = cell(tile + 1) - cell(tile);
    float* to = packed + int64_t{cell(tile)} * k();
    for (const int64_t tap : taps) {
      gemm_pack_floats({src + cell(tile) * step + tap, step, 1, run, m, to, m});
      to += int64_t{run} * m;
    }
  }
  View<const float> residual = job.residual;
  if (const float* factors = factors_of(job.scales.residual, piece.image); factors != nullptr) {
    float* const to = packed + rows_floats();
    const int64_t row = int64_t{part.w()} * oc_;
    for (int y = part.y0; y < part.y1; ++y) {
      const int pixels = job.flat ? piece.count : part.w();
      binary_->row({residual.at(piece.image, y, part.x0), factors, to + (y - part.y0) * row, pixels, oc_,
                    residual.pixel_stride, 0, oc_, false, BinaryOp::mul, Activation::none, 0});
    }
    residual = {to, 1, residual.h, residual.w, oc_, part.y0, part.x0, 0, row, oc_};
  }

  Ahead ahead;
  int64_t ahead_step = 0;
  if (next != nullptr) {
    const int64_t calls = int64_t{tiles} * panels * out_.area();
    ahead = ahead_of(job, *next);
    ahead.share = ahead.bytes / calls;
    ahead_step = std::min<int64_t>(kAlignment, divide_up(ahead.share, k()));
  }
  int64_t call = 0;
  for (int y = part.y0; y < part.y1; ++y) {
    for (int x = part.x0; x < std::min(part.x1, part.x0 + out_.w); ++x) {
      const GemmPanels& phase = phases_[static_cast<size_t>((y - out_y) * out_.w + x - out_x)];
      for (int panel = 0; panel < panels; ++panel) {
        for (int tile = 0; tile < tiles; ++tile, ++call) {
          const int first = cell(tile), dst_x = x + first * out_.w, channel = phase.first_column(panel);
          GemmTileArgs args{.src = src + first * step,
                            .src_step = step,
                            .taps = taps.data(),
                            .tap_count = static_cast<int>(taps.size()),
                            .run = run,
                            .packed = phase.weights(panel),
                            .panel = phase.width(panel),
                            .bias = phase.bias(panel),
                            .dst = job.dst.at(piece.image, y, dst_x) + channel,
                            .dst_step = out_.w * job.dst.pixel_stride,
                            .residual = nullptr,
                            .residual_step = out_.w * residual.pixel_stride,
                            .m = cell(tile + 1) - first,
                            .n = phase.columns(panel),
                            .epilogue = job.epilogue,
                            .interleaved = job.interleaved};
          if (residual.data != nullptr) args.residual = residual.at(piece.image, y, dst_x) + channel;
          if (job.interleaved) {
            args.src = packed + int64_t{first} * k();
            args.taps = kNoOffset, args.tap_count = 1, args.run = k();
          }
          ahead.ask(call, ahead_step, args);
          gemm_->tile(args);
        }
      }
    }
  }
}

}  // namespace ink
