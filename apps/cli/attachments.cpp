#include "apps/cli/attachments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "apps/cli/text.h"
#include "converters/label_files.h"
#include "converters/tokenizer_files.h"
#include "models/image/labels.h"
#include "models/model.h"

namespace ink::cli {
namespace {

using Files = std::map<std::string, std::string>;  // by the tensor's name

Status find_labels(const LoadedModel& loaded, const AttachmentFlags& flags, Files& files,
                   Attached& attached) {
  const bool named = !flags.tags.empty() || !flags.categories.empty();
  INK_TRY(const std::vector<ModelOutput> outputs, loaded.image_outputs());
  const auto tags = std::ranges::find(outputs, "tags", &ModelOutput::name);
  if (tags == outputs.end()) {
    if (!named) return {};
    return Error{ErrorKind::usage,
                 concat("--tags and --categories: ", loaded.architecture->title, " gives no tags")};
  }
  INK_TRY(LabelFiles found, find_label_files(loaded.path));
  if (!flags.tags.empty()) {
    INK_TRY(found.tags, read_label_file(flags.tags));
    found.tags_path = flags.tags;
  }
  if (!flags.categories.empty()) {
    INK_TRY(found.categories, read_label_file(flags.categories));
    found.categories_path = flags.categories;
  }
  if (found.tags_path.empty()) {
    if (loaded.store->find(kTagsTensor) == nullptr) {
      attached.lacks.push_back(
          concat("there is no ", label_folder(loaded.path), "tags.txt: \"tag\" will ask for --tags"));
    }
    if (flags.categories.empty()) return {};
    return Error{ErrorKind::usage, "--categories: goes with --tags"};
  }
  INK_TRY(const Labels labels,
          parse_labels(found.tags, found.tags_path, found.categories, found.categories_path));
  if (labels.size() != static_cast<size_t>(tags->size)) {
    const std::string problem = concat(found.tags_path, ": has ", labels.size(),
                                       " tags, and the model gives ", tags->size, " scores");
    if (!flags.tags.empty()) return model_error(problem);
    attached.lacks.push_back(problem);
    return {};
  }
  files[std::string(kTagsTensor)] = std::move(found.tags);
  if (!found.categories_path.empty()) files[std::string(kCategoriesTensor)] = std::move(found.categories);
  return {};
}

Status find_tokenizer_files(const LoadedModel& loaded, const AttachmentFlags& flags, Files& files,
                            Attached& attached) {
  const bool named = !flags.tokenizer.path.empty();
  if (loaded.architecture->text == nullptr) {
    if (!named) return {};
    return Error{ErrorKind::usage, concat("--tokenizer: ", loaded.architecture->title, " takes no texts")};
  }
  FoundTokenizer found;
  if (named) {
    INK_TRY(found, read_tokenizer(flags.tokenizer.path));
  } else {
    INK_TRY(found, find_tokenizer(loaded.path));
  }
  const bool inside = std::ranges::any_of(loaded.store->tensors(), [](const StoredTensor& tensor) {
    return tensor.name.starts_with(kTokenizerPrefix);
  });
  if (found.files.empty()) {
    if (!inside) {
      attached.lacks.push_back(concat("there is no tokenizer beside ", loaded.path,
                                      ": \"embed --text\" will ask for --tokenizer"));
    }
    return {};
  }
  INK_TRY_STATUS(load_tokenizer(loaded.path, *loaded.store, flags.tokenizer, 0).status());
  for (auto& [name, text] : needed_files(found.files)) {
    files[std::string(kTokenizerPrefix) + name] = std::move(text);
  }
  return {};
}

// A converted file that is converted again keeps what it has where nothing else is named.
bool is_replaced(const std::string& tensor, const Files& files) {
  if (files.contains(tensor)) return true;
  const auto kind = tensor.substr(0, tensor.find('/') + 1);
  if (kind != kTokenizerPrefix && kind != "labels/") return false;
  return std::ranges::any_of(files, [&](const auto& file) { return file.first.starts_with(kind); });
}

}  // namespace

void add_attachment_options(CLI::App& app, AttachmentFlags& flags) {
  const std::string group = "Beside the weights";
  app.add_option("--tags", flags.tags, "Names of a tagger's tags; default: tags.txt beside the source")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--categories", flags.categories, "Their categories; default: categories.json there")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--tokenizer", flags.tokenizer.path, "Its file or folder; default: beside the source")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--preprocess", flags.preprocess,
                 "How pictures become the network's input, instead of the model's own way")
      ->type_name("acg2vec|deepdanbooru|NAME")
      ->group(group);
  app.add_option("--license", flags.license, "Of the weights, for the model file's metadata")
      ->type_name("TEXT")
      ->group(group);
}

Result<Attached> attach(const LoadedModel& loaded, const AttachmentFlags& flags, int threads) {
  Attached attached;
  Files files;
  INK_TRY_STATUS(find_labels(loaded, flags, files, attached));
  INK_TRY_STATUS(find_tokenizer_files(loaded, flags, files, attached));
  WeightStore& store = attached.store;
  store.set_origin(loaded.store->origin());
  for (const auto& [key, value] : loaded.store->metadata()) store.set_metadata(key, value);
  for (const StoredTensor& tensor : loaded.store->tensors()) {
    if (!is_replaced(tensor.name, files)) INK_TRY_STATUS(store.add_borrowed(tensor, loaded.store));
  }
  for (const auto& [name, text] : files) {
    INK_TRY_STATUS(
        store.add(name, DType::u8, {static_cast<int64_t>(text.size())}, std::as_bytes(std::span(text))));
    attached.names.push_back(name);
  }
  if (!flags.license.empty()) store.set_metadata(std::string(kLicenseKey), flags.license);
  if (!flags.preprocess.empty()) {
    INK_TRY(const PictureNetwork network, PictureNetwork::create(loaded, {}, flags.preprocess, threads));
    store.set_metadata(std::string(kPreprocessKey), network.preprocess.json());
  }
  return attached;
}

}  // namespace ink::cli
