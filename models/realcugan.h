#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/prepared_model.h"
#include "kernels/base/isa.h"
#include "kernels/base/result.h"
#include "models/model.h"
#include "weights/store.h"

namespace ink {

// Which of the released Real-CUGAN networks: UpCunet{2,3,4}x of bilibili/ailab's upcunet_v3.py.
struct RealCuganConfig {
  int scale = 2;               // 2, 3 or 4
  bool squeeze_excite = true;  // false for the "nose" family
  bool pro = false;            // pro networks work on values in [0.15, 0.85]

  bool operator==(const RealCuganConfig&) const = default;
  std::string json() const;
  static Result<RealCuganConfig> from_json(std::string_view json);
};

inline constexpr std::string_view kRealCuganArchitecture = "realcugan";

// Every tensor of the network, in the order in which the released ncnn graphs use them.
std::vector<TensorSpec> realcugan_tensors(const RealCuganConfig& config);

inline constexpr float kMinStrength = 0.75f, kMaxStrength = 1.3f;

struct UpscaleOptions {
  float strength = 1.0f;  // the original's alpha, kMinStrength to kMaxStrength
  bool tta = false;       // mean over the 8 flips and transpositions
  int threads = 1;
  uint64_t memory_limit = UINT64_MAX;  // of what upscale() allocates
  int region = 0;                      // side of the regions in pixels of the picture, 0: automatic
  std::string spill_folder;            // on a disk: values that wait for later may go to a file there
  // Called between steps with the share done, 0 to 1, from one thread at a time; false stops the work with
  // ErrorKind::interrupted.
  std::function<bool(double)> progress;
};

// A Real-CUGAN network, prepared once; upscale() may be called from many threads.
class RealCugan {
 public:
  // Keeps the store; packs its weights on `threads` threads. Error: it lacks a tensor, one has another shape,
  // or inkstone.config is not of this architecture.
  static Result<std::unique_ptr<RealCugan>> create(WeightStore store, Isa isa, int threads = 1);
  ~RealCugan();

  const RealCuganConfig& config() const;
  // The network between reflection padding and rounding: (1, h, w, 3) floats in, (1, h', w', 3) floats out.
  // Prepared at the first call for a strength, which must be in range.
  Result<const PreparedModel*> network(float strength = 1.0f);

  // How upscale() would go about a picture of this size. Error: limit, with the least memory that would do.
  Result<std::shared_ptr<const RegionPlan>> plan(int w, int h, const UpscaleOptions& options);
  // The least memory_limit that does.
  Result<uint64_t> least_memory(int w, int h, const UpscaleOptions& options);

  // src: h rows of w RGB pixels without gaps; dst: h * scale rows of w * scale, of the same depth. Samples of
  // 16 bits keep all of them: the network sees v / 65535 where it sees v / 255 of 8. Errors: strength out of
  // range (usage), interrupted, a result that is not finite (model), the memory limit or the disk's room
  // (limit), a spill folder that does not serve (cannot_create, io). Throws std::bad_alloc.
  Status upscale(const uint8_t* src, int w, int h, uint8_t* dst, const UpscaleOptions& options);
  Status upscale(const uint16_t* src, int w, int h, uint16_t* dst, const UpscaleOptions& options);

  // The memory of the last pictures is kept for next ones of their size, one for each that were computed side
  // by side: how much that is, and to give it back.
  uint64_t idle_bytes() const;
  void release_idle();

 private:
  struct Impl;
  template <class Sample>
  class Ends;

  template <class Sample>
  Status upscale_samples(const Sample* src, int w, int h, Sample* dst, const UpscaleOptions& options);
  explicit RealCugan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ink
