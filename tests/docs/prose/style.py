"""What proselint cannot hold: the length of sentences, and words that a beginner stumbles over.

The words are those that stood in these pages, each with what to write in its place.
"""

import re
from collections.abc import Iterator

from tests.docs.prose.text import Block

LONGEST_SENTENCE = 25  # words; ASD-STE100 allows as many where something is described
LONGEST_CHAIN = {"text": 1, "cell": 2}  # semicolons in a sentence; a cell may be a list

# As a regular expression, without regard to case: what to write in its place.
WORDS = {
    r"cry wolf": "give false alarms",
    r"as much as chance": "no more than chance",
    r"of chance": "random",
    r"tell(s|ing)? (of|where)": "says that, says where",
    r"(is|are|was|were|be) told": "is reported",
    r"whatever": "any, or: for every",
    r"whoever|whosoever": "people who, anyone who",
    r"wherever": "in every place where",
    r"by turns": "alternately",
    r"so many|so long as|so often": "this many, as long as",
    r"all the same": "nevertheless, still",
    r"as a rule": "usually",
    r"in force": "set",
    r"for ever": "forever",
    r"hangs? on": "depends on",
    r"anew|afresh": "again",
    r"alike": "the same",
    r"lest": "so that … not",
    r"nor (is|are|was|does|do|has|have|can|may)": "and … not",
    r"wants?(?= (an?|the|its|more|it|no|less))": "needs",
    r"without regard to": "at any",
    r"to the (bit|pixel)": "exactly",
    r"bit for bit": "exactly",
    r"the letter of": "the exact …",
    r"by chance alone|of it alone": "only",
    r"stands? (in|for|with|beside|under|there|here|ready|straight)": "is in, means",
    r"is at hand": "is there",
    r"thereof|therein|hence|thus|thereby|wherein": "of it, in it, so",
    r"shall|ought": "must",
    r"upon": "on",
    r"utili[sz]e": "use",
    r"in order to": "to",
    r"had better": "should",
}
# "One" in the place of a noun makes the reader search for what it is.
ONE = re.compile(
    r"\b((an?|the|this|that|each|every|another|such|new|old|known|other|first|second|same)\s+ones?|ones"
    r"|one\s+(that|which|who|whose)|(is|are|was|with|without|of|for|at|on)\s+one[.,;:])"
    r"(?!\s+(file|process|line|hand))",
    re.IGNORECASE,
)
INVERTED = (
    re.compile(r"^(Who|Whose|Whom)\b[^?]*\.$"),
    re.compile(r"^(What|Where|That (somebody|a|an|the))\b[^?]*\.$"),
    re.compile(r"^(Not|Never|Nor|Only then) (is|are|has|have|does|do|was|may|can)\b"),
    re.compile(r"^So (is|are|does|do|has|have|can|may)\b"),
    re.compile(r"\b(is|are|was|were) to be \w+ed\b"),
    re.compile(r"\bnot to be had\b|\bis none\b(?! of)"),
)


def faults(block: Block) -> Iterator[tuple[int, str, str]]:
    """Each fault of a block: its line, the rule's name, and what to do."""
    text = block.text
    for pattern, better in WORDS.items():
        for found in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE):
            yield block.line_at(found.start()), "word", f"{found[0]!r}: write {better!r}"
    for found in ONE.finditer(text):
        yield block.line_at(found.start()), "one", f"{found[0]!r}: name the thing"
    if block.kind == "heading":
        return
    for start, sentence in sentences(text):
        line = block.line_at(start)
        words = len(re.findall(r"[\w'-]*\w[\w'./%-]*", re.sub(r"\([^)]*\)", "", sentence)))
        if words > LONGEST_SENTENCE:
            yield line, "long", f"{words} words, {LONGEST_SENTENCE} are the most: {sentence[:50]!r}"
        if sentence.count(";") > LONGEST_CHAIN[block.kind]:
            yield line, "chain", f"{sentence.count(';')} semicolons: make sentences of it: {sentence[:50]!r}"
        if any(pattern.search(sentence) for pattern in INVERTED):
            yield line, "inverted", f"begin with who or what does it: {sentence[:50]!r}"


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Where each sentence starts, and the sentence; a colon ends a clause that can be read by itself."""
    start = 0
    for end in re.finditer(r"[.?!:](?=[\s\"')]|$)[\"')]*\s*", text):
        if re.search(r"\b(e\.g|i\.e|al|vs|approx|No)\.$", text[start : end.start() + 1]):
            continue
        yield start, text[start : end.end()].strip()
        start = end.end()
    if text[start:].strip():
        yield start, text[start:].strip()
