#pragma once

#include "engine/graph.h"

namespace ink {

// Each pass keeps the graph's inputs, outputs and results (up to rounding where arithmetic is folded).
void remove_dead_nodes(Graph& graph);
void fuse_batch_norms(Graph& graph);   // into the convolution before
void fuse_activations(Graph& graph);   // into the epilogue of the node before
void fuse_residuals(Graph& graph);     // an addition into the epilogue of the later of its two sources

// All of them, in the order in which they help each other.
void run_passes(Graph& graph);

}  // namespace ink
