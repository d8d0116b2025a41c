"""Made-up texts and vocabularies, the same as those of tests/models/text/made_up_texts.cpp."""

import re
from pathlib import Path

import ftfy.bad_codecs  # noqa: F401: the encodings sloppy-windows-*

MASK = (1 << 64) - 1
PARTS = Path(__file__).parent.parent / "goldens" / "tokenizers" / "parts.txt"
PAGES = ["sloppy-windows-1252", "sloppy-windows-1251", "sloppy-windows-1250", "sloppy-windows-1253",
         "sloppy-windows-1254", "sloppy-windows-1257", "iso-8859-2", "macroman", "cp437"]
UPPER = [bytes(range(128, 256)).decode(page) for page in PAGES]


class Random:
    """splitmix64."""

    def __init__(self, seed):
        self.state = seed & MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def below(self, count):
        return self.next() % count

    def pick(self, choices):
        return choices[self.below(len(choices))]


def unescape(text):
    return re.sub(r"\\\{([0-9A-F]+)\}", lambda m: chr(int(m[1], 16)), text)


def read_parts():
    parts = {}
    for line in PARTS.read_text().splitlines():
        group, _, rest = line.partition(" ")
        if group == "script":
            parts.setdefault(group, []).append(tuple(int(x, 16) for x in rest.split()))
        elif group != "#":
            parts.setdefault(group, []).append(unescape(rest))
    return parts


class Texts:
    def __init__(self):
        self.parts = read_parts()
        self.makers = [self.word, self.word, self.script, self.script, self.anything, self.space, self.control,
                       self.reference, self.special, self.contraction, self.emoji, self.number, self.long_word,
                       self.broken, self.upper_half, self.mojibake, self.escape, self.marked]

    def of(self, group, random):
        return random.pick(self.parts[group])

    def word(self, r):
        return self.of("word", r)

    def script(self, r):
        first, last = r.pick(self.parts["script"])
        return "".join(chr(first + r.below(last - first + 1)) for _ in range(1 + r.below(8)))

    def anything(self, r):
        point = r.below(0x110000 - 0x800)
        return chr(point if point < 0xD800 else point + 0x800)

    def space(self, r):
        return self.of("space", r)

    def control(self, r):
        return self.of("control", r)

    def reference(self, r):
        kind = r.below(4)
        if kind == 0:
            return f"&#{r.below(0x3000)};"
        if kind == 1:
            return f"&#x{r.below(0x20000):x}" + (";" if r.below(2) == 0 else "")
        return self.of("reference", r)

    def special(self, r):
        return self.of("special", r)

    def contraction(self, r):
        return self.of("contraction", r)

    def emoji(self, r):
        return self.of("emoji", r)

    def escape(self, r):
        return self.of("escape", r)

    def mojibake(self, r):
        return self.of("mojibake", r)

    def number(self, r):
        return str(r.below(100000))

    def long_word(self, r):
        letter = self.script(r)[0]
        return letter * (90 + r.below(60)) if r.below(4) == 0 else letter * (1 + r.below(12))

    def marked(self, r):
        """A letter with marks behind it, as decomposed text has them."""
        text = chr(0x61 + r.below(26))
        for _ in range(1 + r.below(4)):
            text += chr(0x300 + r.below(0x70))
        return text

    def broken(self, r):
        """UTF-8 read by a one-byte encoding, once or twice, with bytes turned into spaces or lost now and then."""
        text = self.word(r) if r.below(2) == 0 else self.script(r)
        for _ in range(1 + r.below(2)):
            page = r.below(len(UPPER) + 1)
            out = ""
            for byte in text.encode():
                if byte < 0x80:
                    out += chr(byte)
                elif byte == 0xA0 and r.below(3) == 0:
                    out += " "
                elif r.below(40) == 0:
                    out += "?" if r.below(3) == 0 else "\ufffd"
                else:
                    out += chr(byte) if page == 0 else UPPER[page - 1][byte - 0x80]
            text = out
        return text

    def upper_half(self, r):
        """Characters of one encoding as they come: most of what the rules for wrong encodings speak of."""
        page = r.below(len(UPPER))
        text = ""
        for _ in range(1 + r.below(6)):
            kind = r.below(8)
            if kind == 0:
                text += chr(0x61 + r.below(26))
            elif kind == 1:
                text += " "
            else:
                text += UPPER[page][r.below(128)]
        return text

    def text(self, index):
        r = Random(index * 0xD1B54A32D192ED03 + 1)
        kind = index % 8
        pieces = []
        count = 40 + r.below(200) if index % 97 == 0 else r.below(12)
        for _ in range(count):
            if kind == 0:
                pieces.append(self.broken(r))
            elif kind == 1:
                pieces.append(self.upper_half(r))
            elif kind == 2:
                pieces.append(self.mojibake(r) if r.below(2) == 0 else self.word(r))
            elif kind == 3:
                pieces.append(self.script(r))
            else:
                pieces.append(r.pick(self.makers)(r))
        joint = "" if r.below(3) == 0 else " "
        return joint.join(pieces)


def sweep_text(point):
    return f"a{chr(point)}B{chr(point)} {chr(point)}"


def byte_letters():
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters, other = {}, 0x100
    for byte in range(256):
        if byte in own:
            letters[byte] = chr(byte)
        else:
            letters[byte] = chr(other)
            other += 1
    return letters


def merges(count, texts):
    """Merges that a text may need: of two neighbours in what the merges before make of a word."""
    letters, ranks, tokens, made = byte_letters(), {}, set(), []
    tokens.update(letters.values())
    tokens.update(letter + "</w>" for letter in letters.values())
    j = 0
    while len(made) < count:
        r = Random(j * 0x9FB21C651E98DF25 + 7)
        j += 1
        words = [w for w in texts.text(r.below(1 << 20)).encode().lower().split(b" ") if w]
        if not words:
            continue
        word = r.pick(words)[:24]
        symbols = [letters[b] for b in word]
        symbols[-1] += "</w>"
        while True:
            pairs = [(ranks[p], i) for i, p in enumerate(zip(symbols, symbols[1:])) if p in ranks]
            if not pairs:
                break
            i = min(pairs)[1]
            symbols[i:i + 2] = [symbols[i] + symbols[i + 1]]
        if len(symbols) < 2:
            continue
        i = r.below(len(symbols) - 1)
        pair = (symbols[i], symbols[i + 1])
        if pair[0] + pair[1] in tokens:
            continue
        tokens.add(pair[0] + pair[1])
        ranks[pair] = len(made)
        made.append(pair)
    return made


def word_list(count, texts):
    """A token a line, as vocab.txt has them."""
    tokens = ["[PAD]", *(f"[unused{i}]" for i in range(1, 100)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens += [chr(c) for c in range(0x21, 0x7F)] + ["##" + chr(c) for c in range(0x21, 0x7F)]
    known = set(tokens)
    j = 0
    while len(tokens) < count:
        r = Random(j * 0xA24BAED4963EE407 + 3)
        j += 1
        text = texts.word(r) if r.below(4) == 0 else texts.script(r)
        start = r.below(len(text))
        piece = text[start:start + 1 + r.below(4)]
        if any(ord(c) <= 0x20 or 0x7F <= ord(c) <= 0xA0 or 0x2000 <= ord(c) <= 0x202F for c in piece):
            continue
        if r.below(2) == 0:
            piece = "##" + piece
        if piece not in known:
            known.add(piece)
            tokens.append(piece)
    return tokens
