"""Writes the tables of characters that models/text/ works by, as the original tokenizers behave.

usage: text_tables.py FOLDER      FOLDER: models/text; needs tokenizers, regex and ftfy

Each original has the Unicode version of its libraries, so what they do is asked code point by code point. Where one
knows more characters than another, its set holds the other's: a range then says from which on it counts.
"""

import html
import html.entities
import pathlib
import re
import sys
import unicodedata

import regex
from ftfy import badness, chardata
from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
# Blocks that were empty up to Unicode 15 and have characters that compose since.
LATER_COMPOSING = [*range(0x105C0, 0x10600), *range(0x11380, 0x11400), *range(0x16100, 0x16140),
                   *range(0x16D40, 0x16D80)]


def ranges(points):
    out = []
    for point in sorted(points):
        if out and out[-1][1] == point - 1:
            out[-1][1] = point
        else:
            out.append([point, point])
    return out


def wrap(items, indent="    ", width=108):
    lines, line = [], indent
    for item in items:
        if len(line) + len(item) + 2 > width:
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    return "\n".join(lines + [line.rstrip()]) + "\n"


def range_table(name, points):
    items = [f"{{0x{a:X}, 0x{b:X}}}" for a, b in ranges(points)]
    return f"const CodeRange {name}[] = {{\n{wrap(items)}}};\n", name


def nested_table(name, sets):
    """sets: (level, points), each holding the one before."""
    level_of = {}
    for level, points in reversed(sets):
        level_of.update(dict.fromkeys(points, level))
    items = []
    for level, _ in sets:
        items += [(a, b, level) for a, b in ranges([p for p, of in level_of.items() if of == level])]
    text = [f"{{0x{a:X}, 0x{b:X}, {level}}}" for a, b, level in sorted(items)]
    return f"const LevelRange {name}[] = {{\n{wrap(text)}}};\n", name


def oniguruma(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    found = set()
    for i in range(0, len(POINTS), 4096):
        text = "".join(map(chr, POINTS[i:i + 4096]))
        for word, _ in split.pre_tokenize_str(text):
            found.update(map(ord, word))
    return found


def regex_set(pattern):
    return {c for c in POINTS if regex.match(pattern, chr(c), regex.IGNORECASE)}


def category(letter):
    return {c for c in POINTS if unicodedata.category(chr(c))[0] == letter}


def lower_table():
    """Runs of one distance, each second one or all of its characters; U+0130 becomes two and is not among them."""
    rust = normalizers.Lowercase()
    python, newest = {}, {}
    for c in POINTS:
        if c == 0x130:
            continue
        python[c], newest[c] = chr(c).lower(), rust.normalize_str(chr(c))
    assert all(len(t) == 1 for t in [*python.values(), *newest.values()])
    level = {c: 0 if python[c] != chr(c) else 1 for c in newest if newest[c] != chr(c)}
    assert all(python[c] in (newest[c], chr(c)) for c in python)
    runs = []
    for c in sorted(level):
        delta, of = ord(newest[c]) - c, level[c]
        if runs:
            first, last, stride, run_delta, run_level = runs[-1]
            step = c - last
            if run_delta == delta and run_level == of and step in (1, 2) and (first == last or step == stride):
                runs[-1] = [first, c, step, delta, of]
                continue
        runs.append([c, c, 1, delta, of])
    items = [f"{{0x{a:X}, 0x{b:X}, {s}, {d}, {of}}}" for a, b, s, d, of in runs]
    return f"const LowerRun kLowerRuns[] = {{\n{wrap(items)}}};\n", "kLowerRuns"


def sigma_context():
    ignorable, cased = [], []
    for c in POINTS:
        if (chr(c) + "Σ").lower()[-1] == "ς":
            cased.append(c)
        elif ("a" + chr(c) + "Σ").lower()[-1] == "ς":
            ignorable.append(c)
    return ignorable, cased


def inert(normalize):
    """Characters that a newer table reorders or composes and `normalize` does not."""
    def reordered(c):
        return any(normalize(t) != t for t in (f"a{chr(c)}\u0334", f"a\u0345{chr(c)}", f"a\u0345{chr(c)}\u0334"))
    found = {c for c in POINTS if regex.match(r"\P{ccc=0}", chr(c)) and not reordered(c)}
    found.update(LATER_COMPOSING)
    if normalize("\U00011935\U00011930") != "\U00011938":
        found.update((0x11930, 0x11935, 0x11938))
    return found


def word_piece():
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False)
    split = pre_tokenizers.BertPreTokenizer()
    removed = [c for c in POINTS if clean.normalize_str(f"a{chr(c)}b") == "ab"]
    alone = [c for c in POINTS if len(split.pre_tokenize_str(f"a{chr(c)}b")) == 3]
    return removed, alone


def code_sets(folder):
    letters, numbers = category("L"), category("N")
    tables = [
        nested_table("kLetters", [(0, letters), (1, oniguruma(r"\p{L}")), (2, regex_set(r"[\p{L}]+"))]),
        nested_table("kNumbers", [(0, numbers), (1, oniguruma(r"\p{N}")), (2, regex_set(r"[\p{N}]"))]),
        range_table("kDigits", [c for c in POINTS if unicodedata.category(chr(c)) == "Nd"]),
        lower_table(),
        range_table("kCaseIgnorable", sigma_context()[0]),
        range_table("kCased", sigma_context()[1]),
        range_table("kInert9", inert(normalizers.NFC().normalize_str)),
        range_table("kInert14", inert(lambda t: unicodedata.normalize("NFC", t))),
        range_table("kWordPieceRemoved", word_piece()[0]),
        range_table("kWordPieceAlone", word_piece()[1]),
    ]
    body = "\n".join(text for text, _ in tables)
    (folder / "code_sets_data.cpp").write_text(
        '#include "models/text/code_sets_data.h"\n\n'
        "// Written by tests/reference/text_tables.py.\n// clang-format off\n\n"
        f"namespace ink {{\n\nnamespace {{\n\n{body}\n}}  // namespace\n\n"
        "const CodeTables kCodeTables = {\n" + wrap([name for _, name in tables]) + "};\n\n}  // namespace ink\n")


def literal(text):
    out, named = "", {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\v": "\\v", '"': '\\"', "\\": "\\\\"}
    for c in text:
        o = ord(c)
        out += named.get(c) or (c if 0x20 <= o < 0x7F else f"\\u{o:04X}" if o < 0x10000 else f"\\U{o:08X}")
    return out


def entities(folder):
    """Name, mark, characters, those of the name in capitals where they differ; as html_entities_data.h says."""
    table = html.entities.html5
    lines, line = [], ""
    for name in sorted({n.rstrip(";") for n in table}):
        value = table[name + ";"]
        mark, upper = ("!" if name in table else " "), value
        if name == name.lower() and html.unescape(f"&{name.upper()};") == f"&{name.upper()};":
            mark, upper = {" ": "^", "!": "*"}[mark], value.upper()
            assert chardata.HTML_ENTITIES[f"&{name.upper()};"] == upper
        entry = literal(name + mark + value + ("" if upper == value else "\v" + upper) + "\r")
        if len(line) + len(entry) > 104:
            lines.append(line)
            line = ""
        line += entry
    body = "\n".join(f'    "{one}"' for one in [*lines, line])
    (folder / "html_entities_data.cpp").write_text(
        '#include "models/text/html_entities_data.h"\n\n'
        "// Written by tests/reference/text_tables.py.\n// clang-format off\n\n"
        f"namespace ink {{\n\nconst std::string_view kHtmlEntities =\n{body};\n\n}}  // namespace ink\n")


def points_of(regex_class):
    return [c for c in range(0x10000) if not 0xD800 <= c < 0xE000 and re.match(f"[{regex_class}]", chr(c))]


def mojibake(folder):
    classes = dict(badness.MOJIBAKE_CATEGORIES)
    classes |= {"lead_of_" + k[-1]: v for k, v in chardata.UTF8_CLUES.items() if "first" in k}
    classes["continuation"] = chardata.UTF8_CLUES["utf8_continuation"]
    classes["continuation_strict"] = chardata.UTF8_CLUES["utf8_continuation_strict"]
    out = ""
    for name, members in classes.items():
        items = [f"{{0x{a:X}, 0x{b:X}}}" for a, b in ranges(points_of(members))]
        out += f"const CodeRange k_{name}[] = {{\n{wrap(items)}}};\n"
    out = re.sub(r"k_(\w+)", lambda m: "k" + m[1].title().replace("_", ""), out)
    names = ["k" + n.title().replace("_", "") for n in classes]
    pages = ""
    for encoding in chardata.CHARMAP_ENCODINGS[1:]:
        text = bytes(range(128, 256)).decode(encoding)
        assert len(set(text)) == 128 and bytes(range(0x20, 0x80)).decode(encoding) == bytes(range(0x20, 0x80)).decode()
        pages += f"    // {encoding}\n    {{{{\n" + wrap([f"0x{ord(c):X}" for c in text], "        ") + "    }},\n"
    (folder / "mojibake_data.cpp").write_text(
        '#include "models/text/mojibake_data.h"\n\n'
        "// Written by tests/reference/text_tables.py.\n// clang-format off\n\n"
        f"namespace ink {{\n\nnamespace {{\n\n{out}\n"
        "const std::span<const CodeRange> kClasses[] = {\n" + wrap(names) + "};\n\n"
        f"const CodePage kPages[] = {{\n{pages}}};\n\n}}  // namespace\n\n"
        "const std::span<const std::span<const CodeRange>> kMojibakeClasses = kClasses;\n"
        "const std::span<const CodePage> kCodePages = kPages;\n\n}  // namespace ink\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    code_sets(folder)
    entities(folder)
    mojibake(folder)


if __name__ == "__main__":
    main()
