"""What a case page says of the last recall of its images. The words are those of gateway and centre."""

from collections.abc import Callable, Mapping
from typing import Final

from shared.web.language import translatable

STATES: Final = {
    "requested": translatable("{by} asked for them at {at}; waiting for the hospital."),
    "redelivered": translatable("The hospital has delivered them again; load this page anew."),
    "partly-redelivered": translatable("A part was delivered; {count} did not come back:"),
    "unavailable-at-gateway": translatable("They did not come back:"),
}
STEPS: Final = {
    "asked-pacs": translatable("The hospital's PACS is being asked for them."),
    "outside-hours": translatable("The hospital's PACS is asked only at certain hours."),
    "waiting-for-pacs": translatable("The hospital's PACS does not answer; it is asked again."),
    "arrived": translatable("They have come from the PACS and are being de-identified."),
    "through": translatable("They have been de-identified and are being delivered."),
}
REASONS: Final = {
    "0111": translatable("the hospital gave other images than the first time; they were not taken"),
    "no-pacs": translatable("no PACS is set up for this at the hospital"),
    "not-in-pacs": translatable("the hospital's PACS does not have them"),
    "pacs-away": translatable("the hospital's PACS did not answer"),
    "opted-out": translatable("the patient opted out"),
    "not-in-vault": translatable("the hospital no longer knows which study this is"),
    "keys-rotated": translatable("the hospital's keys were changed since; they would come back under other numbers"),
    "vault-needs-two": translatable("at this hospital two persons have to agree"),
    "not-collected": translatable("the hospital's collection rules leave them out"),
    "did-not-arrive": translatable("the PACS sent them, but they did not arrive"),
    "burned-in-text": translatable("text in the image: a person at the hospital has to look"),
}
COMPARED: Final = translatable(
    "Compared with the first delivery: {same} the same, {changed} changed, {missing} missing, {new} new."
)
WHY: Final = {
    "changed-in-pacs": translatable("changed at the hospital"),
    "de-identified-otherwise": translatable("de-identified otherwise"),
    "profile": translatable("de-identified by another version of the profile"),
}


def recall_texts(say: Callable[[str], str]) -> dict[str, object]:
    """Return the texts as the page's script reads them. say: translates a text."""

    def said(texts: Mapping[str, str]) -> dict[str, str]:
        return {word: say(text) for word, text in texts.items()}

    return {
        "states": said(STATES),
        "steps": said(STEPS),
        "reasons": said(REASONS),
        "why": said(WHY),
        "compared": say(COMPARED),
    }
