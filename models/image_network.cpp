#include "models/image_network.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "engine/session.h"
#include "models/finite_values.h"
#include "weights/message.h"

namespace ink {

namespace {

class NetworkModel : public ImageModel {
 public:
  NetworkModel(std::unique_ptr<PreparedModel> network, std::vector<ModelOutput> outputs,
               ImagePreprocess preprocess, std::string origin)
      : network_(std::move(network)),
        outputs_(std::move(outputs)),
        preprocess_(std::move(preprocess)),
        origin_(std::move(origin)) {}

  std::span<const ModelOutput> outputs() const override { return outputs_; }
  const ImagePreprocess& preprocess() const override { return preprocess_; }
  const PreparedModel& network() const override { return *network_; }

  Status run(const float* pixels, int n, std::span<float* const> dst, int threads) override {
    INK_CHECK(n > 0 && threads > 0 && dst.size() == outputs_.size());
    Shape shape = network_->graph().inputs[0];
    shape.n = n;
    INK_TRY(const std::shared_ptr<const Plan> plan, network_->plan({&shape, 1}, threads));
    std::unique_ptr<Session> session = take_session(plan);
    // Inputs are only read.
    const TensorView input = TensorView::dense(const_cast<float*>(pixels), DType::f32, shape);
    std::vector<TensorView> results;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      results.push_back(TensorView::dense(dst[i], DType::f32, {n, 1, 1, outputs_[i].size}));
    }
    INK_TRY_STATUS(session->run({&input, 1}, results));
    keep_session(std::move(session));
    return check_results(n, dst);
  }

 private:
  // So that a batch and the shorter one at its end, or several threads, find their memory again, and no more
  // is held than that.
  static constexpr size_t kIdleSessions = 4;

  std::unique_ptr<Session> take_session(const std::shared_ptr<const Plan>& plan) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::ranges::find_if(
          idle_, [&](const std::unique_ptr<Session>& session) { return &session->plan() == plan.get(); });
      if (found != idle_.end()) {
        std::unique_ptr<Session> session = std::move(*found);
        idle_.erase(found);
        return session;
      }
    }
    return std::make_unique<Session>(*network_, plan);
  }

  void keep_session(std::unique_ptr<Session> session) {
    std::unique_ptr<Session> oldest;  // is freed outside the lock
    const std::lock_guard lock(mutex_);
    idle_.push_front(std::move(session));
    if (idle_.size() <= kIdleSessions) return;
    oldest = std::move(idle_.back());
    idle_.pop_back();
  }

  Status check_results(int n, std::span<float* const> dst) const {
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const std::span<const float> values(dst[i],
                                          static_cast<size_t>(n) * static_cast<size_t>(outputs_[i].size));
      if (!all_finite(values)) {
        return model_error(origin_, ": the network's ", outputs_[i].name,
                           " are not finite: its weights are broken");
      }
    }
    return {};
  }

  std::unique_ptr<PreparedModel> network_;
  std::vector<ModelOutput> outputs_;
  ImagePreprocess preprocess_;
  std::string origin_;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Session>> idle_;  // those last used first
};

}  // namespace

std::vector<ModelOutput> ImageNetwork::model_outputs() const {
  std::vector<ModelOutput> all;
  for (const Output& output : outputs) all.push_back({output.name, net.shape(output.value).c});
  return all;
}

Result<ImagePreprocess> preprocess_of(const WeightStore& store, const ImagePreprocess& preset) {
  const std::string_view json = store.metadata(kPreprocessKey);
  if (json.empty()) return preset;
  return ImagePreprocess::from_json(json, store.origin());
}

Result<PictureSize> input_size(const ImagePreprocess& preprocess, std::string_view origin) {
  if (preprocess.crop.w > 0) return preprocess.crop;
  if (preprocess.resize == ResizeKind::stretch || preprocess.resize == ResizeKind::pad) {
    return preprocess.size;
  }
  return model_error(origin, ": ", kPreprocessKey,
                     " must make pictures of one size, by stretching, padding or cropping");
}

Result<std::unique_ptr<ImageModel>> make_image_model(Graph graph, std::vector<ModelOutput> outputs,
                                                     ImagePreprocess preprocess, const WeightStore& store,
                                                     const BuildOptions& options) {
  INK_CHECK(graph.inputs.size() == 1 && graph.outputs.size() == outputs.size());
  Result<std::unique_ptr<PreparedModel>> network = PreparedModel::prepare(
      std::move(graph), store, options.isa, options.threads, options.once, options.precision);
  if (!network.ok()) {
    return Error{network.error().kind, concat(store.origin(), ": ", network.error().message)};
  }
  return std::unique_ptr<ImageModel>(
      new NetworkModel(std::move(*network), std::move(outputs), std::move(preprocess), store.origin()));
}

Result<std::unique_ptr<ImageModel>> make_image_model(ImageNetwork network, const WeightStore& store,
                                                     const BuildOptions& options) {
  std::vector<std::string> wanted = options.outputs;
  if (wanted.empty()) wanted.push_back(network.outputs.front().name);
  std::vector<ModelOutput> outputs;
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(network.outputs, name, &ImageNetwork::Output::name);
    if (found == network.outputs.end()) {
      std::string known;
      for (const ImageNetwork::Output& output : network.outputs) {
        known += concat(known.empty() ? "" : ", ", output.name);
      }
      return Error{ErrorKind::usage,
                   concat(store.origin(), " has no output ", quote(name), "; it has: ", known)};
    }
    if (std::ranges::find(outputs, name, &ModelOutput::name) != outputs.end()) {
      return Error{ErrorKind::usage, concat("the output ", quote(name), " is asked for twice")};
    }
    network.net.graph.output(name, found->value);
    outputs.push_back({name, network.net.shape(found->value).c});
  }
  Result<Graph> graph = network.net.graph.finish();
  if (!graph.ok()) return Error{graph.error().kind, concat(store.origin(), ": ", graph.error().message)};
  return make_image_model(std::move(*graph), std::move(outputs), std::move(network.preprocess), store,
                          options);
}

}  // namespace ink
