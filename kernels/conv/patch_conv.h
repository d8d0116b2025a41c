#pragma once

#include "kernels/binary/binary.h"
#include "kernels/conv/conv.h"
#include "kernels/deconv/deconv.h"

namespace ink {

// Convolutions and transposed convolutions whose kernels stand side by side, kernel = stride: a cell of src,
// kh x kw pixels or one, makes a cell of dst, one pixel or kh x kw. Values are those of TapConv and of
// Deconv, bit for bit. They do little arithmetic with what they read and store, so a few cells at a time pass
// through all weights, which stay in the second-level cache, and meanwhile ask for what the next ones read
// and store, in even measure. Maps may be multiplied by the channel on the way. Immutable.
class PatchConv {
 public:
  // nullptr where the method fits, else the reason why not.
  static const char* declines(const ConvParams& params);
  static const char* declines(const DeconvParams& params);

  // Weights, bias and factors as make_conv() and Deconv have them.
  PatchConv(const GemmVariant& gemm, const BinaryVariant& binary, const ConvParams& params,
            const ConvWeights& weights, const float* bias);
  PatchConv(const GemmVariant& gemm, const BinaryVariant& binary, const DeconvParams& params,
            const float* weights, const float* bias, const double* factors = nullptr);

  // Factors of the channels of src and of residual, (n, 1, 1, c) or (1, 1, 1, c); data == nullptr: none.
  struct Scales {
    View<const float> src, residual;
  };

  // Pixels of a cell.
  struct Size {
    int h, w;
    int area() const { return h * w; }
  };
  Size in() const { return in_; }
  Size out() const { return out_; }
  int k() const { return in_.area() * ic_; }  // products that make up an output

  size_t scratch_floats(int threads) const { return worker_floats() * static_cast<size_t>(threads); }
  size_t packed_bytes() const;
  // Computes the outputs that lie in `region` of dst. residual has dst's shape, or data == nullptr; it may be
  // dst.
  void run(View<const float> src, View<float> dst, View<const float> residual, const Scales& scales,
           const Epilogue& epilogue, Rect region, int threads, float* scratch) const;
  void run(View<const float> src, View<float> dst, View<const float> residual, const Epilogue& epilogue,
           Rect region, int threads, float* scratch) const {
    run(src, dst, residual, {}, epilogue, region, threads, scratch);
  }

 private:
  struct Job;
  struct Piece;
  struct Ahead;

  PatchConv(const GemmVariant& gemm, const BinaryVariant& binary, Size in, Size out, int ic, int oc)
      : gemm_(&gemm), binary_(&binary), in_(in), out_(out), ic_(ic), oc_(oc) {}

  int piece_cells() const { return gemm_->mr * tiles_; }
  size_t rows_floats() const;  // left rows of a piece
  size_t worker_floats() const;
  void choose_tiles();
  Piece piece_of(const Job& job, int64_t index) const;
  void copy_rows(const Job& job, const Piece& piece, float* rows) const;
  Ahead ahead_of(const Job& job, const Piece& next) const;
  void run_piece(const Job& job, const Piece& piece, const Piece* next, float* scratch) const;

  const GemmVariant* gemm_;
  const BinaryVariant* binary_;
  Size in_, out_;
  int ic_, oc_;
  int tiles_ = 1;                   // of a piece
  std::vector<GemmPanels> phases_;  // by pixel of the cell of dst
};

}  // namespace ink
