#include "apps/cli/man_page.h"

#include "apps/cli/text.h"

namespace ink::cli {
namespace {

// Text that roff must not take for its own: hyphens stay the ASCII ones that can be copied into a shell.
std::string roff(std::string_view text) {
  std::string escaped;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
    line_begins = c == '\n';
  }
  return escaped;
}

std::string bold(std::string_view text) { return concat("\\fB", roff(text), "\\fR"); }
std::string slanted(std::string_view text) { return concat("\\fI", roff(text), "\\fR"); }

std::string option_paragraph(const OptionRow& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back(bold(name));
  std::string head = join(names, ", ");
  if (!option.value.empty()) head = concat(head, head.empty() ? "" : " ", slanted(option.value));
  return concat(".TP\n", head, "\n", roff(option.description), "\n");
}

std::string command_section(const CommandRow& row) {
  std::string usage = bold("inkstone " + join(row.path, " "));
  if (!row.options.empty()) usage += concat(" [", slanted("OPTION"), "]...");
  for (const OptionRow& positional : row.positionals) {
    usage += concat(" ", slanted(positional.value), positional.many ? "..." : "");
  }
  std::string text = ".SS " + usage + "\n" + roff(row.description) + ".\n";
  for (const OptionRow& positional : row.positionals) text += option_paragraph(positional);
  for (const OptionRow& option : row.options) text += option_paragraph(option);
  if (!row.footer.empty()) text += ".PP\n.nf\n" + roff(row.footer) + "\n.fi\n";
  return text;
}

constexpr const char* kEnvironment = R"(.SH ENVIRONMENT
.TP
.B INKSTONE_ISA
The instruction set to compute with, such as avx2, instead of the best one.
.TP
.B INKSTONE_MODELS
Folders that are searched for models, separated by colons.
.TP
.B XDG_DATA_HOME
Its folder inkstone/models is searched too, and takes what "models pull" fetches.
.SH EXIT STATUS
.nf
0    all done
1    some of several inputs failed
64   usage
65   broken input
66   no such input
70   a bug of inkstone
73   the output cannot be created
74   reading or writing failed
75   over a limit, such as that of memory
78   something is wrong with a model
130  interrupted; no file is left behind
.fi
)";

}  // namespace

std::string man_page(std::span<const CommandRow> table, const std::string& version) {
  std::string text = ".TH INKSTONE 1 \"\" \"inkstone " + version +
                     "\" \"User Commands\"\n.SH NAME\ninkstone \\- " + roff(table.front().description) +
                     "\n.SH SYNOPSIS\n" + bold("inkstone") + " " + slanted("COMMAND") + " [" +
                     slanted("OPTION") + "]...\n.SH OPTIONS\n";
  for (const OptionRow& option : table.front().options) text += option_paragraph(option);
  text += ".SH COMMANDS\n";
  for (const CommandRow& row : table.subspan(1)) text += command_section(row);
  return text + kEnvironment;
}

}  // namespace ink::cli
