#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/kernels/cases.h"
#include "bench/kernels/samples.h"
#include "kernels/base/view.h"

namespace ink::bench {

struct MapShape {
  int n, h, w, c;

  size_t size() const {
    return static_cast<size_t>(n) * static_cast<size_t>(h) * static_cast<size_t>(w) * static_cast<size_t>(c);
  }
  int64_t bytes() const { return static_cast<int64_t>(size() * sizeof(float)); }
  Rect whole() const { return {0, 0, h, w}; }
};

inline std::string shape_name(MapShape shape) {
  const auto number = [](int value) { return std::to_string(value); };
  return number(shape.n) + "x" + number(shape.h) + "x" + number(shape.w) + "x" + number(shape.c);
}

// sample_buffer() of that many values, for closures that may be copied.
inline std::shared_ptr<const AlignedBuffer<float>> shared_samples(MapShape shape) {
  return std::make_shared<AlignedBuffer<float>>(sample_buffer(static_cast<int64_t>(shape.size()), 1));
}

template <class T>
View<T> dense(T* values, MapShape shape) {
  return dense_view(values, shape.n, shape.h, shape.w, shape.c);
}

// One op on one shape. run(variant, dst, threads) does the work once; the sources live in its captures.
template <class Variant, class T>
struct Job {
  std::string name;
  size_t dst_size;
  int64_t bytes;     // read and written, each once
  double tolerance;  // of a result that is about 1
  std::function<std::function<void(const Variant&, T* dst, int threads)>()> make;
};

// Adds the job for every variant of the kernel's table.
template <class Variant, class T>
void add_job(const std::string& kernel, std::span<const Variant> variants, const Job<Variant, T>& job) {
  for (const Variant& variant : variants) {
    const auto make = [&variant, &reference = variants.back(), job](int threads) {
      const auto run = job.make();
      const auto got = std::make_shared<AlignedBuffer<T>>(job.dst_size);
      const auto error = [=, &reference] {
        AlignedBuffer<T> want(job.dst_size);
        run(reference, want.data(), 1);
        double largest = 0;
        for (size_t i = 0; i < want.size(); ++i) {
          const double difference = std::abs(static_cast<double>((*got)[i]) - static_cast<double>(want[i]));
          if (!(difference <= largest)) largest = difference;
        }
        return largest;
      };
      return ReadyCase{[=, &variant] { run(variant, got->data(), threads); }, error};
    };
    add_case({.kernel = kernel,
              .shape = job.name,
              .variant = variant.name,
              .isa = variant.isa,
              .bytes = static_cast<double>(job.bytes),
              .tolerance = job.tolerance,
              .make = make});
  }
}

}  // namespace ink::bench
