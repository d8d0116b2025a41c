#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <set>

#include "apps/cli/batches.h"
#include "apps/cli/common.h"
#include "apps/cli/inputs.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/model_labels.h"
#include "apps/cli/picture_network.h"
#include "apps/cli/tag_rules.h"
#include "apps/cli/tag_writer.h"
#include "apps/cli/text.h"
#include "apps/cli/vector_options.h"
#include "weights/atomic_file.h"

namespace ink::cli {
namespace {

constexpr std::string_view kOutput = "tags";
constexpr int kPicturesARun = 4;

struct Flags {
  PictureFlags pictures;
  ModelFlags model;
  std::string tags_file, categories_file;
  std::string threshold, general, character, top;
  bool csv = false;
  TagOutput output;
  std::string undesired, always_first, replacement;
};

Result<float> parse_score(const std::string& text, const char* what) {
  float value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 1) return value;
  return Error{ErrorKind::usage, concat(what, ": expected a score from 0 to 1, found \"", text, "\"")};
}

Result<TagRules> parse_rules(const Flags& flags) {
  TagRules rules;
  if (!flags.top.empty()) {
    INK_TRY(const int top, parse_int(flags.top, "--top", 1, 1'000'000));
    rules.top = static_cast<size_t>(top);
    // So many are wanted, however sure the network is.
    rules.general = 0;
  }
  if (!flags.threshold.empty()) {
    INK_TRY(rules.general, parse_score(flags.threshold, "--threshold"));
  }
  rules.character = rules.general;
  if (!flags.general.empty()) {
    INK_TRY(rules.general, parse_score(flags.general, "--general-threshold"));
  }
  if (!flags.character.empty()) {
    INK_TRY(rules.character, parse_score(flags.character, "--character-threshold"));
  }
  return rules;
}

Result<TagOutput> parse_output(const Flags& flags, const Common& common) {
  TagOutput output = flags.output;
  if (flags.csv && common.json) return Error{ErrorKind::usage, "--json or --csv, not both"};
  output.format = flags.csv ? TagFormat::csv : common.json ? TagFormat::json : TagFormat::text;
  output.caption.undesired = parse_list(flags.undesired, ",");
  output.caption.always_first = parse_list(flags.always_first, ",");
  INK_TRY(output.caption.replacements, parse_replacements(flags.replacement));
  if (!output.caption.extension.starts_with('.')) {
    output.caption.extension = concat(".", output.caption.extension);
  }
  return output;
}

Result<int> tag_count(const LoadedModel& loaded) {
  INK_TRY(const std::vector<ModelOutput> outputs, loaded.image_outputs());
  const auto found = std::ranges::find(outputs, kOutput, &ModelOutput::name);
  if (found != outputs.end()) return found->size;
  return model_error(loaded.path, ": ", loaded.architecture->title, " gives no tags",
                     outputs.empty() ? "" : concat(" (its outputs: ", output_names(outputs), ")"));
}

Result<int> run_tag(const Flags& flags, const Common& common) {
  INK_TRY(const TagRules rules, parse_rules(flags));
  INK_TRY(const TagOutput output, parse_output(flags, common));
  INK_TRY(const BatchSettings settings, flags.model.settings(common, kPicturesARun));
  INK_TRY(const std::vector<std::string> files, flags.pictures.files());
  if (files.empty()) return Error{ErrorKind::usage, "name a picture"};
  if (output.captions) INK_TRY_STATUS(check_captions(files, output.caption));
  INK_TRY(LoadedModel loaded, flags.model.load(common.threads));
  INK_TRY(const int count, tag_count(loaded));
  INK_TRY(const Labels labels, load_labels(loaded, flags.tags_file, flags.categories_file, count));
  if (!flags.character.empty() && !labels.categories) {
    return Error{ErrorKind::usage,
                 "--character-threshold: nothing says which tags are characters; "
                 "--categories takes a categories.json"};
  }
  INK_TRY(const PictureNetwork network,
          PictureNetwork::create(loaded, {std::string(kOutput)}, flags.pictures.preprocess, common.threads,
                                 runs_of(files.size(), settings) == 1));
  loaded.store.reset();
  catch_interrupts();
  if (output.captions) {
    // What a killed process left there.
    std::set<std::string> folders;
    for (const std::string& file : files) folders.insert(parent_folder(file));
    for (const std::string& folder : folders) remove_stale_temporaries(folder);
  }
  Tally tally(common, input_names(files), "pictures");
  TagWriter writer(labels, rules, output, tally, files);
  INK_TRY_STATUS(writer.begin());
  INK_TRY_STATUS(run_pictures(files, network, settings, 0, tally, writer));
  INK_TRY_STATUS(writer.finish());
  return tally.finish();
}

constexpr const char* kFooter = R"(Examples:
  inkstone tag pic.jpg -m model-resnet_custom_v3.h5 --tags tags.txt
  inkstone tag pic.jpg -m deepdanbooru.safetensors --threshold 0.3
  inkstone tag photos/ -r -m deepdanbooru.safetensors --json > tags.jsonl
  inkstone tag dataset/ -m deepdanbooru.safetensors --save-txt --remove-underscore
Exit codes: 0 all done, 1 some of several failed, 64 usage, 65 broken picture, 66 no such picture,
  73 cannot create a caption, 74 reading or writing failed, 75 too much memory, 78 model, 130 interrupted.)";

void add_choice(CLI::App& app, Flags& flags) {
  const std::string group = "Which tags";
  app.add_option("--threshold,--thresh", flags.threshold, "The least score of a tag, 0 to 1; default: 0.5")
      ->type_name("X")
      ->group(group);
  app.add_option("--general-threshold", flags.general, "The same, for all but characters")
      ->type_name("X")
      ->group(group);
  app.add_option("--character-threshold", flags.character, "The same, for characters")
      ->type_name("X")
      ->group(group);
  app.add_option("--top", flags.top, "The N best, without --threshold whatever their score")
      ->type_name("N")
      ->group(group);
  app.add_flag("--all", flags.output.all, "Every score in the order of the tags, in JSON under \"scores\"")
      ->group(group);
  app.add_option("--tags", flags.tags_file, "Names of the tags, tags.txt; default: the model's own")
      ->type_name("FILE")
      ->group(group);
  app.add_option("--categories", flags.categories_file, "Which of them are characters, categories.json")
      ->type_name("FILE")
      ->group(group);
}

void add_output(CLI::App& app, Flags& flags) {
  const std::string group = "Caption files";
  CaptionRules& caption = flags.output.caption;
  app.add_flag("--csv", flags.csv, "Lines of file, tag and score");
  app.add_flag("--frequency-tags", flags.output.frequencies, "How often each tag was found, at the end");
  app.add_flag("--save-txt", flags.output.captions, "Write a file of tags beside each picture")->group(group);
  app.add_option("--caption-extension", caption.extension, "Of these files")
      ->capture_default_str()
      ->type_name("EXT")
      ->group(group);
  app.add_option("--caption-separator", caption.separator, "Between tags")
      ->capture_default_str()
      ->type_name("TEXT")
      ->group(group);
  app.add_flag("--remove-underscore", caption.remove_underscore, "Spaces instead, but not in faces like >_<")
      ->group(group);
  app.add_flag("--append-tags", caption.append, "Add to a file that is there what it lacks")->group(group);
  app.add_option("--undesired-tags", flags.undesired, "Left out of the files")
      ->type_name("A,B")
      ->group(group);
  app.add_option("--always-first-tags", flags.always_first, "In front where they are found")
      ->type_name("A,B")
      ->group(group);
  app.add_option("--tag-replacement", flags.replacement, "Other names")->type_name("A,B;C,D")->group(group);
  app.add_flag("--character-tags-first", caption.character_first, "Characters before the rest")->group(group);
  app.add_flag("--use-rating-tags", caption.rating, "With the likeliest rating in front")->group(group);
  app.add_flag("--use-rating-tags-as-last-tag", caption.rating_last, "With the likeliest rating at the end")
      ->group(group);
}

}  // namespace

void add_tag(Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& app = commands.add(commands.root, "tag", "Tag pictures",
                               [flags](const Common& common) { return run_tag(*flags, common); });
  add_picture_options(app, flags->pictures);
  add_model_options(app, flags->model);
  app.get_option("--model")->required();
  add_choice(app, *flags);
  add_output(app, *flags);
  app.footer(kFooter);
}

}  // namespace ink::cli
