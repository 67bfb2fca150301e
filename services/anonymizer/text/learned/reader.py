"""Read a text with the learned model: how likely each word is part of what identifies somebody.

The model is a linear-chain conditional random field (Lafferty, McCallum, Pereira 2001) of CRFsuite; it was made by
``python -m tests.adversarial.generators.learn`` from reports of writers who had not read our rules.
"""

import importlib
import threading
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from services.anonymizer.text.folding.folded_text import FoldedText
from services.anonymizer.text.learned import features
from shared.errors import SettingsError

NOTHING: Final = "nothing"
"""The label of words that identify nobody; the other labels are categories of spans."""
MODEL: Final = f"identifiers-{features.VERSION}.crfsuite"
_LEAST: Final = 0.3
"""Below it a word is not told."""


class Likely(NamedTuple):
    """A word in the folded text, the category it would be of, and how likely it identifies, from 0 to 1."""

    start: int
    end: int
    category: str
    likelihood: float


def available() -> bool:
    """Return whether what reads the model is installed."""
    try:
        _model()
    except SettingsError:
        return False
    return True


def read(folded: FoldedText) -> list[Likely]:
    """Return the words that may identify somebody. Raises SettingsError: what reads the model is not installed."""
    words, seen = features.read(folded)
    if not words:
        return []
    tagger = _tagger()
    tagger.set(seen)
    found = []
    for at, word in enumerate(words):
        likelihood = 1 - tagger.marginal(NOTHING, at)
        if likelihood >= _LEAST and folded.text[word.start].isalnum():
            found.append(Likely(word.start, word.end, _category(tagger, at), likelihood))
    return found


def _category(tagger: Any, at: int) -> str:
    labels: list[str] = [label for label in tagger.labels() if label != NOTHING]
    return max(labels, key=lambda label: float(tagger.marginal(label, at)))


_local = threading.local()  # a tagger holds the text that it reads


def _tagger() -> Any:
    if not hasattr(_local, "tagger"):
        use(_model())
    return _local.tagger


def use(model: bytes) -> None:
    """Read with this model in this thread, as to measure it."""
    _local.model = model  # CRFsuite reads in these bytes and does not hold them
    _local.tagger = importlib.import_module("pycrfsuite").Tagger()
    _local.tagger.open_inmemory(model)


@cache
def _model() -> bytes:
    try:
        importlib.import_module("pycrfsuite")
    except ImportError as error:
        raise SettingsError(
            "the learned reader (python-crfsuite) is not installed; requirements.lock has it"
        ) from error
    return resources.files("services.anonymizer.text.learned").joinpath("data", MODEL).read_bytes()
