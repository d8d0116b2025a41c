#include "apps/cli/completion.h"

#include "apps/cli/text.h"

namespace ink::cli {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Between single quotes of bash and zsh.
std::string shell_quoted(const std::string& text) { return concat("'", replaced(text, "'", "'\\''"), "'"); }

std::string fish_quoted(const std::string& text) {
  return concat("'", replaced(replaced(text, "\\", "\\\\"), "'", "\\'"), "'");
}

std::string option_words(const CommandRow& row) {
  std::vector<std::string> words;
  for (const OptionRow& option : row.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return join(words, " ");
}

std::string path_text(const CommandRow& row) { return join(row.path, " "); }

// A case label for each command that has commands below it: how a word leads on.
std::string bash_steps(std::span<const CommandRow> table) {
  std::string text;
  for (const CommandRow& row : table) {
    if (row.path.empty()) continue;
    const std::string above = join({row.path.begin(), row.path.end() - 1}, " ");
    text += "      " + shell_quoted(above + ":" + row.path.back()) + ") at=" + shell_quoted(path_text(row)) +
            " ;;\n";
  }
  return text;
}

std::string bash_values(std::span<const CommandRow> table) {
  std::string text;
  for (const CommandRow& row : table) {
    for (const OptionRow& option : row.options) {
      if (option.value.empty()) continue;
      const ValueKind kind = value_kind(option.value);
      std::vector<std::string> labels;
      for (const std::string& name : option.names)
        labels.push_back(shell_quoted(path_text(row) + ":" + name));
      text += "    " + join(labels, "|") + ") words=" + shell_quoted(join(kind.words, " ")) +
              (kind.file     ? " files=-f"
               : kind.folder ? " files=-d"
                             : "") +
              " value=1 ;;\n";
    }
  }
  return text;
}

std::string bash_words(std::span<const CommandRow> table) {
  std::string text;
  for (const CommandRow& row : table) {
    bool files = false;
    std::vector<std::string> words;
    for (const SubcommandRow& command : row.subcommands) words.push_back(command.name);
    for (const OptionRow& positional : row.positionals) {
      const ValueKind kind = value_kind(positional.value);
      files = files || kind.file || kind.folder;
      words.insert(words.end(), kind.words.begin(), kind.words.end());
    }
    text += "    " + shell_quoted(path_text(row)) + ") words=" + shell_quoted(join(words, " ")) +
            (files ? " files=-f" : "") + " options=" + shell_quoted(option_words(row)) + " ;;\n";
  }
  return text;
}

// What zsh's _arguments takes between a pair of brackets or colons.
std::string zsh_escaped(std::string text) {
  for (const char* special : {"\\", "[", "]", ":"}) {
    text = replaced(std::move(text), special, concat("\\", special));
  }
  return text;
}

std::string zsh_action(const std::string& value) {
  const ValueKind kind = value_kind(value);
  if (!kind.words.empty() && (kind.file || kind.folder)) {
    return "_alternative 'words:word:(" + join(kind.words, " ") + ")' 'files:file:_files'";
  }
  if (!kind.words.empty()) return concat("(", join(kind.words, " "), ")");
  if (kind.file) return "_files";
  return kind.folder ? "_files -/" : " ";
}

std::string zsh_option(const OptionRow& option) {
  const std::string after =
      "[" + zsh_escaped(option.description) + "]" +
      (option.value.empty() ? "" : ":" + zsh_escaped(option.value) + ":" + zsh_action(option.value));
  if (option.names.size() == 1) return shell_quoted(option.names[0] + after);
  return shell_quoted("(" + join(option.names, " ") + ")") + "{" + join(option.names, ",") + "}" +
         shell_quoted(after);
}

std::string zsh_command(const CommandRow& row) {
  std::string text = "    " + shell_quoted(path_text(row)) + ")\n      _arguments -s -S";
  for (const OptionRow& option : row.options) text += " \\\n        " + zsh_option(option);
  if (!row.subcommands.empty()) {
    std::vector<std::string> commands;
    for (const SubcommandRow& command : row.subcommands) {
      const std::string description = replaced(replaced(command.description, "\"", ""), ":", " -");
      commands.push_back(command.name + "\\:" + shell_quoted(description));
    }
    text += " \\\n        '1:command:((" + replaced(join(commands, " "), "'", "\"") + "))'";
  }
  for (const OptionRow& positional : row.positionals) {
    text +=
        " \\\n        " + shell_quoted(std::string(positional.many ? "*" : "") + ":" +
                                       zsh_escaped(positional.value) + ":" + zsh_action(positional.value));
  }
  return text + " ;;\n";
}

std::string fish_condition(const CommandRow& row) {
  return " -n " + fish_quoted("test (__inkstone_command) = " + fish_quoted(path_text(row)));
}

std::string fish_value(const std::string& value) {
  const ValueKind kind = value_kind(value);
  const std::string words = kind.words.empty() ? "" : " -a " + fish_quoted(join(kind.words, " "));
  if (kind.file) return " -r -F" + words;
  if (kind.folder) return " -x -a '(__fish_complete_directories)'" + words;
  return " -x" + words;
}

std::string fish_option(const OptionRow& option) {
  std::string text;
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return text + " -d " + fish_quoted(option.description) +
         (option.value.empty() ? "" : fish_value(option.value));
}

}  // namespace

std::string bash_completion(std::span<const CommandRow> table) {
  return "_inkstone() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local at= words= files= options= value= i\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    case \"$at:${COMP_WORDS[i]}\" in\n" +
         bash_steps(table) +
         "    esac\n"
         "  done\n"
         "  case \"$at:$previous\" in\n" +
         bash_values(table) +
         "  esac\n"
         "  if [[ -z $value ]]; then\n"
         "    case \"$at\" in\n" +
         bash_words(table) +
         "    esac\n"
         "    [[ $current == -* ]] && words=$options files=\n"
         "  fi\n"
         "  local IFS=$'\\n'\n"
         "  COMPREPLY=($(IFS=' '; compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ -n $files ]]; then\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    COMPREPLY+=($(compgen $files -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _inkstone inkstone\n";
}

std::string zsh_completion(std::span<const CommandRow> table) {
  std::string text =
      "#compdef inkstone\n"
      "_inkstone() {\n"
      "  local at= i\n"
      "  for ((i = 2; i < CURRENT; ++i)); do\n"
      "    case \"$at:${words[i]}\" in\n" +
      bash_steps(table) +
      "    esac\n"
      "  done\n"
      // _arguments looks at the words behind the command alone.
      "  local depth=${#${(z)at}}\n"
      "  shift $depth words; ((CURRENT -= depth))\n"
      "  case \"$at\" in\n";
  for (const CommandRow& row : table) text += zsh_command(row);
  return text +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _inkstone ]; then _inkstone \"$@\"; else compdef _inkstone inkstone; fi\n";
}

std::string fish_completion(std::span<const CommandRow> table) {
  std::string text =
      "function __inkstone_command\n"
      "  set -l at ''\n"
      "  for word in (commandline -opc)[2..]\n"
      "    switch \"$at:$word\"\n";
  for (const CommandRow& row : table) {
    if (row.path.empty()) continue;
    const std::string above = join({row.path.begin(), row.path.end() - 1}, " ");
    text += "      case " + fish_quoted(above + ":" + row.path.back()) + "\n        set at " +
            fish_quoted(path_text(row)) + "\n";
  }
  text +=
      "    end\n"
      "  end\n"
      "  echo -- $at\n"
      "end\n"
      "complete -c inkstone -f\n";
  for (const CommandRow& row : table) {
    const std::string head = "complete -c inkstone" + fish_condition(row);
    for (const SubcommandRow& command : row.subcommands) {
      text += head + " -a " + command.name + " -d " + fish_quoted(command.description) + "\n";
    }
    for (const OptionRow& option : row.options) text += head + fish_option(option) + "\n";
    for (const OptionRow& positional : row.positionals) {
      const ValueKind kind = value_kind(positional.value);
      if (kind.file || kind.folder) text += head + " -F\n";
      if (!kind.words.empty()) text += head + " -a " + fish_quoted(join(kind.words, " ")) + "\n";
    }
  }
  return text;
}

}  // namespace ink::cli
