#include "apps/cli/kernel_list.h"

#include "kernels/activation/activation.h"
#include "kernels/base/variants.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/binary/binary.h"
#include "kernels/concat/concat.h"
#include "kernels/conv/narrow.h"
#include "kernels/conv/winograd.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gram/gram.h"
#include "kernels/pad/pad.h"
#include "kernels/pixel_shuffle/pixel_shuffle.h"
#include "kernels/pixels/pixels.h"
#include "kernels/pool/global_mean.h"
#include "kernels/pool/pool.h"
#include "kernels/resize/resize.h"
#include "kernels/softmax/softmax.h"

namespace ink::cli {
namespace {

template <class Variant>
KernelList list(const char* op, std::span<const Variant> variants) {
  KernelList result{op, {}};
  for (const Variant& variant : variants) result.kernels.push_back({variant.isa, variant.name});
  return result;
}

}  // namespace

std::vector<KernelList> kernel_lists() {
  return {
      list("activation", activation_variants()),
      list("batch_norm", batch_norm_variants()),
      list("binary", binary_variants()),
      list("concat", concat_variants()),
      list("depthwise", depthwise_variants()),
      list("gemm, conv, deconv", gemm_variants()),
      list("global_mean", global_mean_variants()),
      list("gram", gram_variants()),
      list("narrow conv, deconv", narrow_variants()),
      list("pad", pad_variants()),
      list("pixel_shuffle", pixel_shuffle_variants()),
      list("pixels", pixels_variants()),
      list("pool", pool_variants()),
      list("resize", resize_variants()),
      list("softmax", softmax_variants()),
      list("winograd, tiles of 2x2", winograd_variants(2)),
      list("winograd, tiles of 4x4", winograd_variants(4)),
      list("winograd, tiles of 6x6", winograd_variants(6)),
  };
}

const KernelName* chosen_kernel(const KernelList& list, Isa limit) {
  return &best_variant(std::span<const KernelName>(list.kernels), limit);
}

}  // namespace ink::cli
