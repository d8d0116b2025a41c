#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "converters/sources/torch/opcode.h"
#include "converters/sources/torch/pickle.h"
#include "converters/sources/torch/value.h"
#include "kernels/base/result.h"
#include "weights/byte_reader.h"
#include "weights/limits.h"
#include "weights/message.h"

namespace ink::torch_file {

// The stack machine of a pickle. Each opcode takes what it needs from the stack, or is an error; nothing
// outside the stack, the memo and the values changes.
class Machine {
 public:
  Machine(std::span<const std::byte> bytes, const std::string& origin, uint64_t base,
          const ModelLimits& limits)
      : reader_(bytes, origin, base), limits_(limits), values_(bytes, base) {}

  Result<Pickle> run();

 private:
  Status step();
  Status start(uint8_t code);
  Status scalar(Opcode op);
  Status text(Kind kind, int length_bytes);
  Status container(Opcode op);
  Status memo(Opcode op);
  Status name(Opcode op);
  Status instance(Opcode op);
  Status ordered_dict(std::span<const NodeId> arguments);

  Status push(NodeId node);
  Result<NodeId> pop();
  // What was pushed since the last mark, valid until the next push.
  Result<std::span<const NodeId>> pop_mark();
  // The node below what was popped.
  Result<NodeId> target(std::initializer_list<Kind> kinds);
  Status push_tuple(size_t count);
  Status append(std::span<const NodeId> items, std::initializer_list<Kind> kinds);
  Status remember(uint32_t index);
  Result<uint64_t> length(int bytes);
  Result<std::string> line();

  template <class... Parts>
  Error error(const Parts&... parts) const {
    return model_error(reader_.file(), ": pickle opcode ", info_.name, " at offset ", values_base() + at_,
                       " ", concat(parts...));
  }
  uint64_t values_base() const { return reader_.offset() - reader_.position(); }

  ByteReader reader_;
  const ModelLimits& limits_;
  Values values_;
  int protocol_ = -1;
  bool stopped_ = false;
  uint32_t at_ = 0;  // of the opcode
  OpcodeInfo info_;
  std::vector<NodeId> stack_, taken_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint32_t, NodeId> memo_;
};

}  // namespace ink::torch_file
