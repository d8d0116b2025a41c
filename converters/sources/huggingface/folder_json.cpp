#include "converters/sources/huggingface/folder_json.h"

#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "converters/sources/huggingface/json_walk.h"
#include "weights/message.h"

namespace ink {

namespace {

using Kind = JsonValue::Kind;

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::object: return "an object";
    case Kind::array: return "a list";
    case Kind::string: return "a string";
    case Kind::number: return "a number";
    case Kind::boolean: return "true or false";
    case Kind::null: return "null";
  }
  return "?";
}

Status expect(const JsonValue& value, Kind kind, std::string_view what) {
  if (value.kind == kind) return {};
  return model_error("expected ", kind_name(kind), " as ", what, ", found ", kind_name(value.kind));
}

constexpr std::string_view kPlain = "a plain file name";

class IndexReader {
 public:
  explicit IndexReader(const ModelLimits& limits) : limits_(limits) {}

  Status visit(const JsonValue& value) {
    if (value.path.empty()) return expect(value, Kind::object, "the whole");
    if (value.path[0] != kMap) return {};
    if (value.path.size() == 1) {
      if (std::exchange(has_map_, true)) return model_error(kMap, " is there twice");
      return expect(value, Kind::object, kMap);
    }
    const std::string& tensor = value.path[1];
    INK_TRY_STATUS(expect(value, Kind::string, concat("the file of tensor ", quote(tensor))));
    if (!is_plain_name(value.text)) {
      return model_error("expected ", kPlain, " for tensor ", quote(tensor), ", found ", quote(value.text));
    }
    if (!tensors_.insert(tensor).second) return model_error("the tensor ", quote(tensor), " is there twice");
    if (index_.entries.size() == limits_.tensors)
      return model_error("more than ", limits_.tensors, " tensors");
    const auto [place, is_new] = shards_.try_emplace(std::string(value.text), index_.shards.size());
    if (is_new && index_.shards.size() == limits_.shards) {
      return model_error("more than ", limits_.shards, " files");
    }
    if (is_new) index_.shards.emplace_back(value.text);
    index_.entries.push_back({tensor, place->second});
    return {};
  }

  Result<ShardIndex> finish(const std::string& origin) {
    if (!has_map_) return model_error(origin, ": has no ", kMap, ": is it the index of a checkpoint?");
    if (index_.entries.empty()) return model_error(origin, ": its ", kMap, " names no tensor");
    return std::move(index_);
  }

 private:
  static constexpr std::string_view kMap = "weight_map";
  const ModelLimits& limits_;
  ShardIndex index_;
  bool has_map_ = false;
  std::unordered_set<std::string> tensors_;
  std::unordered_map<std::string, size_t> shards_;
};

class ModulesReader {
 public:
  Status visit(const JsonValue& value) {
    if (value.path.empty()) return expect(value, Kind::array, "the whole");
    if (value.path.size() == 1) {
      INK_TRY_STATUS(check_last());
      modules_.emplace_back();
      has_path_ = false;
      if (modules_.size() > kMost) return model_error("more than ", kMost, " modules");
      return expect(value, Kind::object, "a module");
    }
    if (value.path.size() != 2) return {};
    const std::string& key = value.path[1];
    if (key == "type") modules_.back().type = value.text;
    if (key != "path") return {};
    INK_TRY_STATUS(expect(value, Kind::string, "the path of a module"));
    if (std::exchange(has_path_, true)) return model_error("a module has two paths");
    if (!value.text.empty() && !is_plain_name(value.text)) {
      return model_error("expected the name of a folder as the path of a module, found ", quote(value.text));
    }
    if (!paths_.emplace(value.text).second) {
      return model_error("two modules have the path ", quote(value.text));
    }
    modules_.back().path = value.text;
    return {};
  }

  Status check_last() const {
    if (modules_.empty() || has_path_) return {};
    return model_error("module ", modules_.size() - 1, " has no path");
  }

  Result<std::vector<SentenceModule>> finish(const std::string& origin) {
    if (modules_.empty()) return model_error(origin, ": names no module");
    if (const Status last = check_last(); !last.ok()) return model_error(origin, ": ", last.error().message);
    return std::move(modules_);
  }

 private:
  static constexpr size_t kMost = 100;
  std::vector<SentenceModule> modules_;
  std::set<std::string, std::less<>> paths_;
  bool has_path_ = false;
};

}  // namespace

bool is_plain_name(std::string_view name) {
  constexpr size_t kLongest = 255;
  using namespace std::string_view_literals;
  return !name.empty() && name.size() <= kLongest && name[0] != '.' &&
         name.find_first_of("/\\\0"sv) == std::string_view::npos;
}

Result<ShardIndex> parse_shard_index(std::string_view json, const std::string& origin,
                                     const ModelLimits& limits) {
  IndexReader reader(limits);
  INK_TRY_STATUS(walk_json(json, origin, [&](const JsonValue& value) { return reader.visit(value); }));
  return reader.finish(origin);
}

Result<std::vector<SentenceModule>> parse_sentence_modules(std::string_view json, const std::string& origin) {
  ModulesReader reader;
  INK_TRY_STATUS(walk_json(json, origin, [&](const JsonValue& value) { return reader.visit(value); }));
  return reader.finish(origin);
}

Result<std::map<std::string, std::string>> config_strings(std::string_view json, const std::string& origin) {
  std::map<std::string, std::string> strings;
  const auto visit = [&strings](const JsonValue& value) -> Status {
    if (value.path.empty()) return expect(value, Kind::object, "the whole");
    if (value.kind != Kind::string || value.path.size() > 2) return {};
    const std::string key = value.path.size() == 1 ? value.path[0] : value.path[0] + "." + value.path[1];
    strings.insert_or_assign(key, value.text);
    return {};
  };
  INK_TRY_STATUS(walk_json(json, origin, visit));
  return strings;
}

}  // namespace ink
