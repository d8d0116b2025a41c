#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/regions/region_session.h"
#include "engine/session.h"
#include "kernels/base/result.h"

namespace ink::cli {

// What a node costs in one run.
struct LayerTime {
  std::string node;
  const char* kernel = "";
  int stage = -1;  // of regions, from 0; -1 where the network does not run in them
  double seconds = 0;
  double flops = 0;  // of the plain algorithm
  double bytes = 0;  // read and written, each once
};

// Of a network whose steps each take a whole map.
class StepMeasurement {
 public:
  StepMeasurement(const PreparedModel& network, int threads) : network_(network), threads_(threads) {}

  // The mean of `rounds` runs, after one that touches all memory, is added to what was measured before.
  // Error: the network does not take these inputs.
  Status add(std::span<const TensorView> inputs, int rounds);
  const std::vector<LayerTime>& layers() const { return layers_; }  // in the order in which they run

 private:
  const PreparedModel& network_;
  int threads_;
  std::vector<LayerTime> layers_;
};

// Of a session that measured its nodes for `rounds` runs. The seconds of several workers are divided by their
// number, so that they add up to what a run takes.
std::vector<LayerTime> layer_times(const RegionSession& session, const Graph& graph, int rounds);

// peak: GFLOP/s of the machine. A table for people with a line about what it counts; an array for programs.
std::string layers_table(std::span<const LayerTime> layers, double peak);
std::string layers_json(std::span<const LayerTime> layers, double peak);

}  // namespace ink::cli
