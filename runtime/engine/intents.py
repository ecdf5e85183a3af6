"""Does a message mean what some phrases say? By likeness of words, with a model asked only where likeness cannot tell.

Three modes: `intent` goes by likeness alone, `ai` always asks a model, `hybrid` asks where the likeness is near the
threshold. Nothing here asks anybody: a decision that is open says so, and `settled` takes the model's answer.
Likeness forgives case, accents, order and endings: words are compared by the groups of three letters they share.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

MODES = ("intent", "ai", "hybrid")
BAND = 0.3  # below the threshold, within which hybrid asks
LONGEST_MESSAGE = 2_000  # characters looked at
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Match:
    """`score` of the likest `phrase`, 0 to 1; `matched` is None while a model has to be asked."""

    score: float
    phrase: str | None
    matched: bool | None


def decide(message: str, phrases: Sequence[str], threshold: float, mode: str = "intent") -> Match:
    """Whether `message` means one of `phrases`, as far as that can be told without a model."""
    scored = [(likeness(message, phrase), phrase) for phrase in phrases if phrase.strip()]
    score, phrase = max(scored, key=lambda each: each[0], default=(0.0, None))
    found = Match(round(score, 4), phrase, score >= threshold)
    if phrase is None or not message.strip():
        return replace(found, matched=False)
    near = threshold - BAND <= score < threshold
    return replace(found, matched=None) if mode == "ai" or (mode == "hybrid" and near) else found


def settled(open_match: Match, answer: Mapping[str, object] | None, threshold: float) -> Match:
    """An open decision after a model was asked: `answer` is {"phrase", "confidence"}; None = it could not be asked.

    Without an answer likeness decides; of a model that is sure, the surer of both scores counts.
    """
    if open_match.matched is not None:
        return open_match
    confidence = answer.get("confidence") if answer else None
    if answer is None or isinstance(confidence, bool) or not isinstance(confidence, int | float):
        return replace(open_match, matched=open_match.score >= threshold)
    phrase = answer.get("phrase")
    if not isinstance(phrase, str) or not phrase:
        return replace(open_match, matched=False)
    score = min(1.0, max(0.0, float(confidence)))
    return Match(round(max(score, open_match.score), 4), phrase, score >= threshold)


def likeness(message: str, phrase: str) -> float:
    """0 to 1: how far the phrase's words are in the message, or both texts are alike as a whole."""
    said, wanted = words(message[:LONGEST_MESSAGE]), words(phrase[:LONGEST_MESSAGE])
    if not said or not wanted:
        return 0.0
    if said == wanted:
        return 1.0
    inside = sum(max(_alike(want, word) for word in said) for want in wanted) / len(wanted)
    # A phrase of one short word is in many messages that mean something else.
    inside *= 0.95 if len(wanted) > 1 else 0.85
    return min(1.0, max(inside, _cosine(_letters(said), _letters(wanted))))


@lru_cache(maxsize=2_000)
def words(text: str) -> tuple[str, ...]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return tuple(_WORD.findall(plain.casefold()))


@lru_cache(maxsize=20_000)
def _threes(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def _alike(one: str, other: str) -> float:
    """Dice's coefficient of their groups of three; what shares less than half is another word."""
    if one == other:
        return 1.0
    a, b = _threes(one), _threes(other)
    shared = 2 * len(a & b) / (len(a) + len(b))
    return shared if shared >= 0.5 else 0.0


def _letters(words: Sequence[str]) -> Counter[str]:
    return Counter(three for word in words for three in _threes(word))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    product = sum(count * other[three] for three, count in one.items())
    if not product:
        return 0.0
    lengths = sum(n * n for n in one.values()) * sum(n * n for n in other.values())
    return float(product / lengths**0.5)
