"""Parses XML that somebody sent: no DTD, no entity, no network, within the parser's own limits. Pure."""

from typing import Any

from lxml import etree

from shared.errors import Invalid


def parsed(data: bytes, not_the_form: str) -> Any:
    """Return the root; raise Invalid. not_the_form: its reason where a DOCTYPE stands."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Invalid("not-xml", "the body is not well-formed XML within the parser's limits") from error
    if root.getroottree().docinfo.doctype:
        raise Invalid(not_the_form, "a DOCTYPE is not taken: the form has a schema and no DTD")
    return root
