#pragma once

#include "engine/graph.h"

namespace ink {

// Each pass keeps the graph's inputs, outputs and results (up to rounding where arithmetic is folded).
void remove_dead_nodes(Graph& graph);
void fuse_batch_norms(Graph& graph);  // into the convolution before
// Into the epilogue of the node before. into_additions: also into additions, which fuse_residuals() then
// leaves alone.
void fuse_activations(Graph& graph, bool into_additions);
void fuse_residuals(Graph& graph);  // an addition into the epilogue of the later of its two sources
void fuse_scales(Graph& graph);  // a factor for each channel of an image into the convolutions behind it
void fuse_expansions(Graph& graph);  // a widening 1x1 convolution into the depthwise one behind it

// All of them, in the order in which they help each other.
void run_passes(Graph& graph);

}  // namespace ink
