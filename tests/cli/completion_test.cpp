#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <set>

#include "tests/cli/command.h"

namespace ink {
namespace {

using test::Outcome;
using test::Workplace;
using Names = std::vector<std::string>;

const std::vector<Names> kCommands = {{},
                                      {"upscale"},
                                      {"models"},
                                      {"models", "list"},
                                      {"models", "pull"},
                                      {"convert"},
                                      {"models", "path"},
                                      {"info"},
                                      {"limits"},
                                      {"bench"},
                                      {"man"},
                                      {"bench", "model"},
                                      {"completion"},
                                      {"tag"},
                                      {"score"},
                                      {"embed"},
                                      {"tokenize"},
                                      {"bench", "worker"}};

// The options that the help of a command lists.
std::set<std::string> options_in_help(const Workplace& work, Names command) {
  command.push_back("--help");
  const std::string help = work.run(command).out;
  std::set<std::string> options;
  static const std::regex kOption(R"((?:^|\n) +(-[-a-zA-Z][^ \n]*))");
  for (std::sregex_iterator at(help.begin(), help.end(), kOption), end; at != end; ++at) {
    std::string names = (*at)[1];
    for (size_t comma = 0; comma != std::string::npos; names.erase(0, comma + 1)) {
      comma = names.find(',');
      options.insert(names.substr(0, comma));
      if (comma == std::string::npos) break;
    }
  }
  return options;
}

TEST(CliCompletion, HasEveryOptionOfEveryCommand) {
  const Workplace work;
  const std::string bash = work.run({"completion", "bash"}).out, zsh = work.run({"completion", "zsh"}).out,
                    fish = work.run({"completion", "fish"}).out;
  std::string man = work.run({"man"}).out;
  for (size_t at = 0; (at = man.find("\\-", at)) != std::string::npos;) man.erase(at, 1);
  int checked = 0;
  for (const Names& command : kCommands) {
    for (const std::string& option : options_in_help(work, command)) {
      ++checked;
      EXPECT_NE(bash.find(option), std::string::npos) << option;
      EXPECT_NE(zsh.find(option), std::string::npos) << option;
      const std::string in_fish =
          option.starts_with("--") ? " -l " + option.substr(2) + " " : " -s " + option.substr(1) + " ";
      EXPECT_NE(fish.find(in_fish), std::string::npos) << option;
      EXPECT_NE(man.find("\\fB" + option + "\\fR"), std::string::npos) << option;
    }
  }
  EXPECT_GT(checked, 100);
}

// What bash offers for a command line, its last word being the one that is typed.
std::string offered(const Workplace& work, const std::string& words) {
  const std::string script =
      "source " + work.path("completion.bash") + "; COMP_WORDS=(" + words +
      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _inkstone; echo \"${COMPREPLY[*]}\" > " +
      work.path("offered");
  EXPECT_EQ(std::system(("cd " + work.path("") + " && bash -c '" + script + "'").c_str()), 0);
  std::string text = work.read("offered");
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST(CliCompletion, CompletesInBash) {
  const Workplace work;
  const std::string script = work.run({"completion", "bash"}).out;
  work.write("completion.bash", test::bytes_of(script));
  work.write("pictures/a b.png", {});
  EXPECT_EQ(offered(work, "inkstone up"), "upscale");
  EXPECT_EQ(offered(work, "inkstone models \"\""), "list pull path");
  EXPECT_EQ(offered(work, "inkstone upscale x.png -f \"\""), "png jpg webp");
  EXPECT_EQ(offered(work, "inkstone upscale -s \"\""), "2 3 4");
  EXPECT_EQ(offered(work, "inkstone upscale --re"), "--recursive --resume --resolution");
  EXPECT_EQ(offered(work, "inkstone upscale pictures/"), "pictures/a b.png");
  EXPECT_EQ(offered(work, "inkstone upscale --spill pict"), "pictures");
  EXPECT_EQ(offered(work, "inkstone ta"), "tag");
  EXPECT_EQ(offered(work, "inkstone tag pictures/"), "pictures/a b.png");
  EXPECT_EQ(offered(work, "inkstone tag x.png --ca"), "--categories --caption-extension --caption-separator");
  EXPECT_EQ(offered(work, "inkstone embed --clip-cleaning \"\""), "openai hf");
  EXPECT_EQ(offered(work, "inkstone completion \"\""), "bash zsh fish");
}

TEST(CliCompletion, KnowsThreeShells) {
  const Workplace work;
  const Outcome outcome = work.run({"completion", "tcsh"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_TRUE(outcome.says("expected bash, zsh or fish")) << outcome.err;
}

}  // namespace
}  // namespace ink
