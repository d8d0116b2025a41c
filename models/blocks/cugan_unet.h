#pragma once

#include <string>

#include "engine/graph.h"

namespace ink {

// The two U-Nets of Real-CUGAN (UNet1, UNet1x3 and UNet2 of upcunet_v3.py). All convolutions are unpadded: a
// U-Net gives fewer pixels than it takes.
struct CuganUnet {
  GraphBuilder& graph;
  std::string prefix;  // "unet1" or "unet2", of node and tensor names
  int in = 3, out = 3;
  bool squeeze_excite = true;

  // up: the factor of the last layer, 2 (kernel 4, padding 3) or 3 (kernel 5, padding 2).
  Value unet1(Value x, int up) const;
  // strength multiplies conv4's result before its up-convolution.
  Value unet2(Value x, float strength) const;

 private:
  Value conv(const std::string& name, Value x, int oc, int kernel, int stride) const;
  Value deconv(const std::string& name, Value x, int oc, int kernel, int stride, int pad) const;
  Value leaky(const std::string& name, Value x) const;
  Value conv_pair(const std::string& name, Value x, int middle, int oc, bool excite,
                  float strength = 1.0f) const;
  Value add_cropped(const std::string& name, Value cropped, Value x) const;
};

}  // namespace ink
