#include <algorithm>

#include "kernels/conv/tap_maps.h"

// Convolutions whose outputs make patches, each of one pixel of src: the phases of a transposed convolution
// whose stride is its kernel. Memory binds them more than arithmetic does, so pieces of rows pass through all
// panels while they stay in the first-level cache, and meanwhile each tile asks for its share of what the
// next piece stores and adds.

namespace ink {
namespace {

constexpr int64_t kPieceBytes = 16 * 1024;
constexpr int64_t kFloatBytes = sizeof(float);

// Memory without gaps that `calls` tiles ask for, in even measure.
struct Ahead {
  const unsigned char* begin = nullptr;
  int64_t bytes = 0, calls = 1;

  void ask(int64_t call, GemmTileArgs& args) const {
    if (begin == nullptr) return;
    const int64_t share = bytes / calls;
    args.ahead = begin + call * share;
    args.ahead_step = std::min<int64_t>(kAlignment, (share + args.run - 1) / args.run);
  }
};

}  // namespace

bool TapConv::makes_patches(const Maps& maps) const {
  const auto plain = [](const TapAxis& axis, int dst_size, int src_size) {
    return axis.taps == 1 && axis.src_start == 0 && axis.src_step == 1 &&
           axis.outputs_before(dst_size) <= src_size;
  };
  return plain(rows_, maps.dst.h, maps.src.h) && plain(columns_, maps.dst.w, maps.src.w);
}

void TapConv::run_patches(std::span<const TapConv> convs, const Maps& maps, int image, Rect region,
                          Rect block) {
  const int mr = convs.front().variant_->mr;
  const int piece =
      mr * static_cast<int>(std::max<int64_t>(1, kPieceBytes / (kFloatBytes * maps.src.c * mr)));
  for (int qy = block.y0; qy < block.y1; ++qy) {
    for (int qx = block.x0; qx < block.x1; qx += piece) {
      const int behind = std::min(qx + piece, block.x1);
      const bool wraps = behind == block.x1;
      const int next_y = wraps ? qy + 1 : qy, next_x = wraps ? block.x0 : behind;
      const Rect next{next_y, next_x, next_y + 1, std::min(next_x + piece, block.x1)};
      // Convolutions that fill the same rows stand side by side.
      for (size_t first = 0, last = 0; first < convs.size(); first = last) {
        while (last < convs.size() && convs[last].rows_.dst_start == convs[first].rows_.dst_start) ++last;
        run_patch_row(convs.subspan(first, last - first), maps, image, region, {qy, qx, qy + 1, behind},
                      next_y < block.y1 ? next : Rect{});
      }
    }
  }
}

void TapConv::run_patch_row(std::span<const TapConv> convs, const Maps& maps, int image, Rect region,
                            Rect piece, Rect next) {
  constexpr int64_t kNoOffset[] = {0};
  const GemmVariant& variant = *convs.front().variant_;
  const TapAxis& rows = convs.front().rows_;
  const int step = convs.front().columns_.dst_step;
  const int y = piece.y0 * rows.dst_step + rows.dst_start;
  const bool adds = maps.residual.data != nullptr;
  int64_t calls = 0;
  for (const TapConv& conv : convs)
    calls += static_cast<int64_t>(conv.groups_.size()) * conv.groups_.front().count();
  calls *= (piece.w() + variant.mr - 1) / variant.mr;
  Ahead stored, added;
  const int next_y = next.y0 * rows.dst_step + rows.dst_start, next_x = next.x0 * step;
  if (!next.empty() && next_y < region.y1) {
    const auto part = [&](const auto& map, int64_t share) {
      return Ahead{reinterpret_cast<const unsigned char*>(map.at(image, next_y, next_x)),
                   kFloatBytes * next.w() * step * map.pixel_stride, std::max<int64_t>(1, share)};
    };
    stored = part(maps.dst, adds ? calls - calls / 2 : calls);
    if (adds) added = part(maps.residual, calls / 2);
  }
  int64_t call = 0;
  for (const TapConv& conv : convs) {
    const Rect own = intersection(piece, conv.rows_.outputs(conv.columns_, region));
    if (own.empty()) continue;
    for (int g = 0; g < static_cast<int>(conv.groups_.size()); ++g) {
      const GemmPanels& panels = conv.groups_[static_cast<size_t>(g)];
      for (int panel = 0; panel < panels.count(); ++panel) {
        const int channel = g * panels.n() + panels.first_column(panel);
        for (int x = own.x0; x < own.x1; x += variant.mr, ++call) {
          const int dst_x = x * step + conv.columns_.dst_start;
          GemmTileArgs args{maps.src.at(image, piece.y0, x) + g * conv.icg_,
                            maps.src.pixel_stride,
                            kNoOffset,
                            1,
                            panels.k(),
                            panels.weights(panel),
                            panels.width(panel),
                            panels.bias(panel),
                            maps.dst.at(image, y, dst_x) + channel,
                            step * maps.dst.pixel_stride,
                            adds ? maps.residual.at(image, y, dst_x) + channel : nullptr,
                            step * maps.residual.pixel_stride,
                            std::min(variant.mr, own.x1 - x),
                            panels.columns(panel),
                            maps.epilogue};
          if (call < stored.calls) {
            stored.ask(call, args);
          } else {
            added.ask(call - stored.calls, args);
          }
          variant.tile(args);
        }
      }
    }
  }
}

}  // namespace ink
