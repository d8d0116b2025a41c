#include "kernels/base/isa.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "kernels/activation/activation.h"
#include "kernels/base/variants.h"
#include "kernels/batch_norm/batch_norm.h"
#include "kernels/binary/binary.h"
#include "kernels/concat/concat.h"
#include "kernels/conv/narrow.h"
#include "kernels/conv/winograd.h"
#include "kernels/gemm/gemm.h"
#include "kernels/pad/pad.h"
#include "kernels/pixel_shuffle/pixel_shuffle.h"
#include "kernels/pixels/pixels.h"
#include "kernels/pool/global_mean.h"
#include "kernels/pool/pool.h"
#include "kernels/reduced/reduced.h"
#include "kernels/resize/resize.h"

namespace ink {
namespace {

#ifdef INK_OPENBLAS
constexpr Isa kAll[] = {Isa::reference, Isa::openblas,   Isa::sse42,      Isa::avx2,
                        Isa::avx512,    Isa::avx512vnni, Isa::avx512bf16, Isa::amx};
#else
constexpr Isa kAll[] = {Isa::reference,  Isa::sse42,      Isa::avx2, Isa::avx512,
                        Isa::avx512vnni, Isa::avx512bf16, Isa::amx};
#endif

TEST(Isa, NamesAreThoseOfTheDocumentation) {
  EXPECT_STREQ(isa_name(Isa::reference), "reference");
  EXPECT_STREQ(isa_name(Isa::openblas), "openblas");
  EXPECT_STREQ(isa_name(Isa::sse42), "sse42");
  EXPECT_STREQ(isa_name(Isa::avx2), "avx2");
  EXPECT_STREQ(isa_name(Isa::avx512), "avx512");
  EXPECT_STREQ(isa_name(Isa::avx512vnni), "avx512vnni");
  EXPECT_STREQ(isa_name(Isa::avx512bf16), "avx512bf16");
  EXPECT_STREQ(isa_name(Isa::amx), "amx");
}

TEST(Isa, SupportedSetsAreTheWeakestOnesInOrder) {
  const std::span<const Isa> supported = supported_isas();
  ASSERT_FALSE(supported.empty());
  ASSERT_LE(supported.size(), std::size(kAll));
  EXPECT_TRUE(std::equal(supported.begin(), supported.end(), std::begin(kAll)));
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(INK_SCALAR_ONLY)
TEST(Isa, DetectionAgreesWithTheCompilersOwn) {
  __builtin_cpu_init();
  const bool sse42 = __builtin_cpu_supports("sse4.2") != 0;
  const bool avx2 = sse42 && __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") != 0 &&
                      __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512cd") != 0 &&
                      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  const bool vnni = avx512 && __builtin_cpu_supports("avx512vnni") != 0;
  const bool bf16 = vnni && __builtin_cpu_supports("avx512bf16") != 0;
  const std::span<const Isa> supported = supported_isas();
  const int sets = sse42 + avx2 + avx512 + vnni + bf16;
  // Tiles are a matter of the system, too.
  EXPECT_EQ(std::count_if(supported.begin(), supported.end(),
                          [](Isa isa) { return isa >= Isa::sse42 && isa != Isa::amx; }),
            sets);
}
#endif

TEST(Isa, TheActiveOneIsSupportedAndTheChosenOneIfThatIsUsable) {
  const std::span<const Isa> supported = supported_isas();
  EXPECT_NE(std::find(supported.begin(), supported.end(), active_isa()), supported.end());
  if (chosen_isa().ok()) {
    EXPECT_EQ(active_isa(), *chosen_isa());
  } else {
    EXPECT_EQ(active_isa(), supported.back());
    EXPECT_EQ(chosen_isa().error().kind, ErrorKind::usage);
    EXPECT_NE(chosen_isa().error().message.find("INKSTONE_ISA"), std::string::npos);
  }
  const char* forced = std::getenv("INKSTONE_ISA");
  if (forced == nullptr || *forced == '\0') {
    ASSERT_TRUE(chosen_isa().ok());
    EXPECT_EQ(*chosen_isa(), supported.back());
  }
}

TEST(Isa, TheCpuHasAName) { EXPECT_FALSE(cpu_model_name().empty()); }

// What dispatch relies on in every table of variants.
template <class Variant>
void check_table(std::span<const Variant> table, const Variant& (*choose)(Isa)) {
  ASSERT_FALSE(table.empty());
  EXPECT_EQ(table.back().isa, Isa::reference);
  std::set<std::string> names;
  for (size_t i = 0; i < table.size(); ++i) {
    EXPECT_TRUE(i == 0 || table[i].isa <= table[i - 1].isa) << table[i].name << " is not best first";
    // A table of one may say how it works instead of for what.
    EXPECT_TRUE(table.size() == 1 ||
                std::string(table[i].name).find(isa_name(table[i].isa)) != std::string::npos)
        << table[i].name;
    EXPECT_TRUE(names.insert(table[i].name).second) << table[i].name << " is there twice";
  }
  for (const Isa limit : kAll) {
    const Variant& chosen = choose(limit);
    EXPECT_LE(chosen.isa, limit);
    EXPECT_LE(chosen.isa, supported_isas().back());
    // None before it in the table would do.
    for (const Variant* better = table.data(); better != &chosen; ++better) {
      ASSERT_LT(better, table.data() + table.size());
      EXPECT_TRUE(better->isa > limit || better->isa > supported_isas().back()) << better->name;
    }
  }
}

const ReducedVariant& choose_bf16(Isa limit) { return choose_reduced(Precision::bf16, limit); }
const ReducedVariant& choose_int8(Isa limit) { return choose_reduced(Precision::int8, limit); }

TEST(Variants, EveryTableIsBestFirstAndEndsWithTheReference) {
  check_table(activation_variants(), choose_activation);
  check_table(batch_norm_variants(), choose_batch_norm);
  check_table(binary_variants(), choose_binary);
  check_table(concat_variants(), choose_concat);
  check_table(gemm_variants(), choose_gemm);
  check_table(global_mean_variants(), choose_global_mean);
  check_table(narrow_variants(), choose_narrow);
  check_table(pad_variants(), choose_pad);
  check_table(pixel_shuffle_variants(), choose_pixel_shuffle);
  check_table(pixels_variants(), choose_pixels);
  check_table(pool_variants(), choose_pool);
  check_table(bf16_variants(), choose_bf16);
  check_table(int8_variants(), choose_int8);
  check_table(resize_variants(), choose_resize);
  check_table(
      winograd_variants(2), +[](Isa limit) -> const WinogradVariant& { return choose_winograd(limit, 2); });
  check_table(
      winograd_variants(4), +[](Isa limit) -> const WinogradVariant& { return choose_winograd(limit, 4); });
  check_table(
      winograd_variants(6), +[](Isa limit) -> const WinogradVariant& { return choose_winograd(limit, 6); });
}

#ifndef INK_SCALAR_ONLY
TEST(Variants, OpsThatComputeHaveOneForEverySet) {
  const auto sets = [](auto table) {
    std::set<Isa> found;
    for (const auto& variant : table) found.insert(variant.isa);
    return found;
  };
  std::set<Isa> all(std::begin(kAll), std::end(kAll));
  const std::set<Isa> products = sets(gemm_variants());
  all.erase(Isa::openblas);
  EXPECT_EQ(sets(bf16_variants()).size() + 1, all.size());
  EXPECT_FALSE(sets(bf16_variants()).contains(Isa::avx512vnni));
  EXPECT_EQ(sets(int8_variants()).size() + 1, all.size());
  EXPECT_FALSE(sets(int8_variants()).contains(Isa::avx512bf16));
  // The rest is for products in reduced precision alone.
  all.erase(all.upper_bound(Isa::avx512), all.end());
  std::set<Isa> with_library = all;
  if (std::ranges::find(kAll, Isa::openblas) != std::end(kAll)) with_library.insert(Isa::openblas);
  EXPECT_EQ(products, with_library);
  EXPECT_EQ(sets(activation_variants()), all);
  EXPECT_EQ(sets(batch_norm_variants()), all);
  EXPECT_EQ(sets(binary_variants()), all);
  EXPECT_EQ(sets(global_mean_variants()), all);
  EXPECT_EQ(sets(narrow_variants()), all);
  EXPECT_EQ(sets(pool_variants()), all);
  EXPECT_EQ(sets(winograd_variants(2)), all);
  EXPECT_EQ(sets(winograd_variants(4)), all);
  EXPECT_EQ(sets(winograd_variants(6)), all);
}
#endif

}  // namespace
}  // namespace ink
