#include <set>
#include <utility>

#include "converters/sources/tensorflow/bundle_entry.h"
#include "converters/sources/tensorflow/protobuf.h"
#include "converters/sources/tensorflow/tensorflow.h"
#include "weights/message.h"

namespace ink {

namespace {

constexpr std::string_view kServing = "serve";

// A JSON string; the text is UTF-8.
std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      result += "\\u00";
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

std::string json_array(std::span<const int64_t> numbers) {
  std::string result;
  for (const int64_t number : numbers) result += concat(result.empty() ? "[" : ",", number);
  return result.empty() ? "[]" : concat(result, "]");
}

// Writes the signatures of one model as JSON, which must not exceed the limit.
class Signatures {
 public:
  explicit Signatures(const ModelLimits& limits) : limits_(limits) {}

  // An entry of the map of signatures.
  Status add(ProtoReader entry);
  std::string json() const { return concat("{", json_, "}"); }

 private:
  using WriteValue = FunctionRef<Status(ProtoReader)>;
  // A map entry with text for a key: `"key":` and what write_value appends.
  Status write_entry(ProtoReader entry, std::string_view what, std::set<std::string>& names,
                     std::string& json, WriteValue write_value) const;
  Status write_signature(ProtoReader signature);
  Status write_tensor(ProtoReader tensor, std::string& json) const;

  const ModelLimits& limits_;
  std::string json_;
  std::set<std::string> names_;
};

Status Signatures::write_entry(ProtoReader entry, std::string_view what, std::set<std::string>& names,
                               std::string& json, WriteValue write_value) const {
  std::string_view key;
  ProtoReader value({}, entry.place(), what);
  while (true) {
    INK_TRY(const bool more, entry.next());
    if (!more) break;
    if (entry.number() > 2) continue;
    INK_TRY_STATUS(entry.once());
    if (entry.number() == 1) {
      INK_TRY(key, entry.text());
    } else {
      INK_TRY(value, entry.message(what));
    }
  }
  if (!names.emplace(key).second)
    return entry.error(concat("has the key ", quote(key), ", which another has"));
  if (names.size() > 1) json += ',';
  json += json_string(key) + ':';
  INK_TRY_STATUS(write_value(value));
  if (json.size() > limits_.tf_signature_bytes) {
    return entry.error(concat("brings the signatures to more than ", limits_.tf_signature_bytes, " bytes"));
  }
  return {};
}

Status Signatures::add(ProtoReader entry) {
  return write_entry(entry, "the signature", names_, json_,
                     [this](ProtoReader signature) { return write_signature(signature); });
}

Status Signatures::write_signature(ProtoReader signature) {
  std::string inputs, outputs, method;
  std::set<std::string> input_names, output_names;
  while (true) {
    INK_TRY(const bool more, signature.next());
    if (!more) break;
    if (signature.number() == 1 || signature.number() == 2) {
      const bool is_input = signature.number() == 1;
      std::string& json = is_input ? inputs : outputs;
      INK_TRY(const ProtoReader entry, signature.message("the entry of the signature"));
      INK_TRY_STATUS(write_entry(entry, "the tensor", is_input ? input_names : output_names, json,
                                 [&](ProtoReader tensor) { return write_tensor(tensor, json); }));
    } else if (signature.number() == 3) {
      INK_TRY(const std::string_view text, signature.text());
      method = text;
    }
  }
  json_ += concat("{\"method_name\":", json_string(method), ",\"inputs\":{", inputs, "},\"outputs\":{",
                  outputs, "}}");
  return {};
}

Status Signatures::write_tensor(ProtoReader tensor, std::string& json) const {
  std::string_view name;
  uint64_t dtype = 0;
  std::string shape = "null";
  while (true) {
    INK_TRY(const bool more, tensor.next());
    if (!more) break;
    if (tensor.number() == 1) {
      INK_TRY(name, tensor.text());
    } else if (tensor.number() == 2) {
      INK_TRY(dtype, tensor.varint());
    } else if (tensor.number() == 3) {
      INK_TRY(const ProtoReader message, tensor.message("the shape"));
      INK_TRY(const std::optional<std::vector<int64_t>> sizes, read_tf_shape(message, limits_));
      shape = sizes ? json_array(*sizes) : std::string("null");
    }
  }
  json += concat("{\"name\":", json_string(name), ",\"dtype\":", json_string(tf_dtype_name(dtype)),
                 ",\"shape\":", shape, "}");
  return {};
}

// SavedVariable: its name.
Result<std::string> read_variable(ProtoReader reader) {
  std::string name;
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) return name;
    if (reader.number() != 6) continue;
    INK_TRY(const std::string_view text, reader.text());
    name = text;
  }
}

// SavedObjectGraph: its nodes are numbered as those of the checkpoint's object graph.
Status read_objects(ProtoReader reader, const ModelLimits& limits, std::vector<std::string>& variables) {
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) return {};
    if (reader.number() != 1) continue;
    if (variables.size() == limits.tf_graph_items) {
      return reader.error(concat("has more than ", limits.tf_graph_items, " objects"));
    }
    std::string& name = variables.emplace_back();
    INK_TRY(ProtoReader object, reader.message("the object"));
    while (true) {
      INK_TRY(const bool further, object.next());
      if (!further) break;
      if (object.number() != 7) continue;
      INK_TRY(const ProtoReader variable, object.message("the variable"));
      INK_TRY(name, read_variable(variable));
    }
  }
}

struct MetaGraph {
  SavedModelInfo info;
  bool for_serving = false;
};

// MetaInfoDef: the tags and the version.
Status read_meta_info(ProtoReader reader, MetaGraph& graph) {
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) return {};
    if (reader.number() != 4 && reader.number() != 5) continue;
    INK_TRY(const std::string_view text, reader.text());
    if (reader.number() == 4) {
      graph.for_serving = graph.for_serving || text == kServing;
    } else {
      graph.info.producer = text.empty() ? "" : concat("TensorFlow ", text);
    }
  }
}

Result<MetaGraph> read_meta_graph(ProtoReader reader, const ModelLimits& limits) {
  MetaGraph graph;
  Signatures signatures(limits);
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() == 1) {
      INK_TRY(const ProtoReader info, reader.message("what is said about the model"));
      INK_TRY_STATUS(read_meta_info(info, graph));
    } else if (reader.number() == 5) {
      INK_TRY(const ProtoReader entry, reader.message("the entry of the signatures"));
      INK_TRY_STATUS(signatures.add(entry));
    } else if (reader.number() == 7) {
      INK_TRY(const ProtoReader objects, reader.message("the object graph"));
      INK_TRY_STATUS(read_objects(objects, limits, graph.info.variables));
    }
  }
  graph.info.texts.push_back({"signature_def", signatures.json()});
  return graph;
}

}  // namespace

// There is a model for each set of tags it was saved for; the one for serving is taken, or else the first.
Result<SavedModelInfo> read_saved_model(std::span<const std::byte> bytes, const std::string& origin,
                                        const ModelLimits& limits) {
  std::optional<MetaGraph> best;
  ProtoReader reader(bytes, {&origin, 0}, "the SavedModel");
  while (true) {
    INK_TRY(const bool more, reader.next());
    if (!more) break;
    if (reader.number() != 2) continue;
    INK_TRY(const ProtoReader message, reader.message("the model"));
    INK_TRY(MetaGraph graph, read_meta_graph(message, limits));
    if (!best || (graph.for_serving && !best->for_serving)) best = std::move(graph);
  }
  if (!best) return reader.error("holds no model");
  return std::move(best->info);
}

}  // namespace ink
