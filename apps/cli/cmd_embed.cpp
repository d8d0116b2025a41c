#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "apps/cli/batches.h"
#include "apps/cli/common.h"
#include "apps/cli/inputs.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/model_tokenizer.h"
#include "apps/cli/picture_network.h"
#include "apps/cli/similarity.h"
#include "apps/cli/text.h"
#include "apps/cli/text_inputs.h"
#include "apps/cli/vector_options.h"
#include "apps/cli/vector_writer.h"
#include "models/clip.h"
#include "weights/atomic_file.h"

namespace ink::cli {
namespace {

constexpr int kPicturesARun = 4, kTextsARun = 32;

struct Flags {
  PictureFlags pictures;
  ModelFlags model;
  TextFlags texts;
  TokenizerFlags tokenizer;
  std::string output_file, output;
  bool unit_length = false, similarity = false;
};

struct TextNetwork {
  std::unique_ptr<TextModel> model;
  std::unique_ptr<Tokenizer> tokenizer;

  static Result<TextNetwork> create(const LoadedModel& loaded, std::vector<std::string> outputs,
                                    const TokenizerFlags& flags, int threads, bool once) {
    const Architecture& architecture = *loaded.architecture;
    if (architecture.text == nullptr) {
      return model_error(loaded.path, ": ", architecture.title, " makes no vectors of texts",
                         architecture.image != nullptr ? ", but of pictures" : "");
    }
    TextNetwork network;
    INK_TRY(network.model, architecture.text(loaded.store, {.outputs = std::move(outputs),
                                                            .threads = threads,
                                                            .once = once,
                                                            .precision = loaded.precision}));
    INK_TRY(network.tokenizer,
            load_tokenizer(loaded.path, *loaded.store, flags, network.model->max_tokens()));
    const int32_t largest = std::max(network.tokenizer->start_id(), network.tokenizer->end_id());
    if (const int rows = network.model->vocabulary(); largest >= rows) {
      return model_error(loaded.path, ": 'text.token_embedding' has ", rows,
                         " rows, and the tokenizer puts token ", largest,
                         " round each text: is it another model's?");
    }
    return network;
  }
};

// The networks that the inputs need, and what their vectors are.
struct Networks {
  PictureNetwork pictures;
  TextNetwork texts;
  std::optional<float> scale;  // CLIP's, of cosines

  // In how many runs of a network: 0 is for none.
  static Result<Networks> load(const Flags& flags, size_t picture_runs, size_t text_runs, int threads) {
    INK_TRY(const LoadedModel loaded, flags.model.load(threads));
    const std::vector<std::string> outputs =
        flags.output.empty() ? std::vector<std::string>() : std::vector{flags.output};
    Networks networks;
    if (picture_runs > 0) {
      INK_TRY(networks.pictures,
              PictureNetwork::create(loaded, outputs, flags.pictures.preprocess, threads, picture_runs == 1));
    }
    if (text_runs > 0) {
      INK_TRY(networks.texts, TextNetwork::create(loaded, outputs, flags.tokenizer, threads, text_runs == 1));
    }
    if (picture_runs > 0 && text_runs > 0 && loaded.store->find(kLogitScale) != nullptr) {
      INK_TRY(networks.scale, clip_logit_scale(*loaded.store));
    }
    return networks;
  }

  // Of the vectors. Error (usage): pictures and texts have different ones.
  Result<size_t> dims() const {
    const ModelOutput* picture = pictures.model == nullptr ? nullptr : &pictures.model->outputs()[0];
    const ModelOutput* text = texts.model == nullptr ? nullptr : &texts.model->outputs()[0];
    if (picture != nullptr && text != nullptr && picture->size != text->size) {
      return Error{ErrorKind::usage, concat("the vectors of pictures have ", picture->size,
                                            " numbers and those of texts ", text->size)};
    }
    return static_cast<size_t>(picture != nullptr ? picture->size : text->size);
  }
};

Status check_output(const Flags& flags, const Common& common) {
  const std::string& file = flags.output_file;
  if (file.empty()) return {};
  if (flags.similarity) return Error{ErrorKind::usage, "--similarity prints its result; -o takes vectors"};
  if (is_standard_stream(file)) {
    if (common.json) {
      return Error{ErrorKind::usage, "--json and the vectors cannot both go to standard output"};
    }
    if (isatty(STDOUT_FILENO) != 0) {
      return Error{ErrorKind::usage, "standard output is a terminal; -o takes a file"};
    }
    return {};
  }
  if (is_stream(file) || file.ends_with(".npy")) return {};
  return Error{ErrorKind::usage, "-o " + file + ": expected a name that ends in .npy"};
}

Result<std::unique_ptr<VectorSink>> make_sink(const Flags& flags, const Common& common,
                                              const VectorItems& items, const Networks& networks) {
  if (flags.similarity) {
    INK_TRY_STATUS(networks.dims().status());
    return std::unique_ptr<VectorSink>(new Similarity(items, networks.scale, common.json));
  }
  if (flags.output_file.empty()) {
    return std::unique_ptr<VectorSink>(new VectorLines(items, flags.unit_length, common.json));
  }
  INK_TRY(const size_t dims, networks.dims());
  INK_TRY(VectorFile file,
          VectorFile::create(flags.output_file, items, dims, flags.unit_length, common.json));
  return std::unique_ptr<VectorSink>(new VectorFile(std::move(file)));
}

std::string noun(const VectorItems& items) {
  if (items.pictures == items.size()) return "pictures";
  return items.pictures == 0 ? "texts" : "inputs";
}

Result<int> run_embed(const Flags& flags, const Common& common) {
  INK_TRY_STATUS(check_output(flags, common));
  INK_TRY(const BatchSettings picture_settings, flags.model.settings(common, kPicturesARun));
  INK_TRY(const BatchSettings text_settings, flags.model.settings(common, kTextsARun));
  INK_TRY(const std::vector<std::string> files, flags.pictures.files());
  if (files.size() == 1 && is_standard_stream(files[0]) && is_standard_stream(flags.texts.file)) {
    return Error{ErrorKind::usage, "standard input is a picture or a file of texts, not both"};
  }
  INK_TRY(TextInputs texts, read_texts(flags.texts));
  const bool asked_for_texts = !flags.texts.file.empty() || !texts.texts.empty();
  if (files.empty() && !asked_for_texts) {
    return Error{ErrorKind::usage, "name a picture, a text (--text) or a file of texts (--text-file)"};
  }
  const size_t text_runs =
      std::max(runs_of(texts.texts.size(), text_settings), asked_for_texts ? size_t{1} : 0);
  INK_TRY(const Networks networks,
          Networks::load(flags, runs_of(files.size(), picture_settings), text_runs, common.threads));
  VectorItems items{input_names(files), files.size(), std::move(texts.texts), "", ""};
  items.names.insert(items.names.end(), texts.names.begin(), texts.names.end());
  if (networks.pictures.model != nullptr) items.picture_output = networks.pictures.model->outputs()[0].name;
  if (networks.texts.model != nullptr) items.text_output = networks.texts.model->outputs()[0].name;

  catch_interrupts();
  // What a killed process left there.
  if (!flags.output_file.empty()) remove_stale_temporaries(parent_folder(flags.output_file));
  INK_TRY(const std::unique_ptr<VectorSink> sink, make_sink(flags, common, items, networks));
  Tally tally(common, items.names, noun(items));
  INK_TRY_STATUS(run_pictures(files, networks.pictures, picture_settings, 0, tally, *sink));
  if (networks.texts.model != nullptr) {
    INK_TRY_STATUS(run_texts(items.texts, *networks.texts.tokenizer, *networks.texts.model, text_settings,
                             files.size(), tally, *sink));
  }
  tally.clear_bar();
  INK_TRY_STATUS(sink->finish());
  return tally.finish();
}

constexpr const char* kFooter =
    R"(Without -o, an array of numbers a line; null for what failed. With -o, a float32 matrix that
numpy.load() reads, a row for each input in their order; NaN in the row of what failed.
Examples:
  inkstone embed pic.jpg -m resnet50.pth
  inkstone embed photos/ -r -m clip-vit-large-patch14/ --normalize -o photos.npy
  inkstone embed --text "white hair, blue eyes" -m clip-vit-large-patch14/
  inkstone embed --text-file lines.txt -m distiluse/ -o lines.npy
  inkstone embed a.png b.png --text "a cat" --text "a dog" -m clip/ --similarity
Exit codes: 0 all done, 1 some of several failed, 64 usage, 65 broken picture or text, 66 no such input,
  73 cannot create the output, 74 reading or writing failed, 75 too much memory, 78 model, 130 interrupted.)";

}  // namespace

void add_embed(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app = commands.add(commands.root, "embed", "Turn pictures and texts into vectors",
                               [flags](const Common& common) { return run_embed(*flags, common); });
  add_picture_options(app, flags->pictures);
  app.add_option("-o,--output-file", flags->output_file, "NAME.npy, or - for standard output")
      ->type_name("FILE")
      ->group("Files");
  add_model_options(app, flags->model);
  app.get_option("--model")->required();
  app.add_option("--output", flags->output, "Which of the model's outputs; \"info MODEL\" lists them")
      ->type_name("NAME")
      ->group("Model");
  add_text_options(app, flags->texts);
  add_tokenizer_options(app, flags->tokenizer);
  app.add_flag("--normalize", flags->unit_length, "Scale each vector to length 1");
  app.add_flag("--similarity", flags->similarity,
               "How alike they are: cosines, and with CLIP the probability of each text for each picture");
  app.footer(kFooter);
}

}  // namespace ink::cli
