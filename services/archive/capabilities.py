"""Say what the archive can do: the Retrieve Capabilities Transaction.

Source: PS3.18 8.9; W3C Web Application Description Language.
"""

from collections.abc import Sequence

from aiohttp import web
from lxml import etree

from services.archive.deps import ArchiveDeps
from services.archive.http.negotiate import Offer
from services.archive.http.responses import Handle, answering_errors, negotiated

WADL, JSON = "application/vnd.sun.wadl+xml", "application/json"
NAMESPACE = "http://wadl.dev.java.net/2009/02"
DICOM = 'multipart/related; type="application/dicom"'
METADATA = ("application/dicom+json", 'multipart/related; type="application/dicom+xml"')
OCTETS = 'multipart/related; type="application/octet-stream"'
IMAGES = ("image/jpeg", "image/png", "image/gif")
FRAME_TYPES = ("image/jpeg", "image/jls", "image/jp2", "image/dicom-rle", "image/jphc")
SEARCH = ("fuzzymatching", "includefield", "limit", "offset")
RENDER = ("accept", "window", "viewport", "quality", "annotation", "iccprofile")

_RETRIEVE = {
    "": ("RetrieveInstances", (DICOM, "application/zip", OCTETS), ("accept",)),
    "/metadata": ("RetrieveMetadata", METADATA, ("accept",)),
    "/bulkdata": ("RetrieveBulkdata", (OCTETS,), ("accept",)),
    "/pixeldata": ("RetrievePixelData", (OCTETS,), ("accept",)),
    "/rendered": ("RetrieveRendered", IMAGES, RENDER),
    "/thumbnail": ("RetrieveThumbnail", IMAGES, RENDER),
}
_LEVELS = (
    "/studies/{study}",
    "/studies/{study}/series/{series}",
    "/studies/{study}/series/{series}/instances/{instance}",
)
_SEARCHES = (
    "/studies",
    "/series",
    "/instances",
    "/studies/{study}/series",
    "/studies/{study}/instances",
    "/studies/{study}/series/{series}/instances",
)

Resource = tuple[str, str, str, Sequence[str], Sequence[str]]
"""path, method, name, media types of the answer, query parameters"""


def resources() -> list[Resource]:
    """Return what can be asked."""
    offered: list[Resource] = [(path, "GET", "Search", METADATA, SEARCH) for path in _SEARCHES]
    offered += [(path, "POST", "StoreInstances", METADATA, ()) for path in ("/studies", "/studies/{study}")]
    for level in _LEVELS:
        offered += [(level + end, "GET", name, types, asked) for end, (name, types, asked) in _RETRIEVE.items()]
    frames = _LEVELS[2] + "/frames/{frames}"
    offered.append((frames, "GET", "RetrieveFrames", (OCTETS, *FRAME_TYPES), ("accept",)))
    offered.append((frames + "/rendered", "GET", "RetrieveRendered", IMAGES, RENDER))
    offered.append((frames + "/thumbnail", "GET", "RetrieveThumbnail", IMAGES, RENDER))
    offered.append((_LEVELS[2] + "/bulkdata/{path}", "GET", "RetrieveBulkdata", (OCTETS,), ("accept",)))
    offered.append(("/wado", "GET", "RetrieveByURI", ("application/dicom", *IMAGES), ()))
    return offered


def describe(deps: ArchiveDeps) -> Handle:
    """Answer OPTIONS of the service's root."""

    @answering_errors
    async def handle(request: web.Request) -> web.StreamResponse:
        chosen = negotiated(request, [Offer(WADL), Offer(JSON)])
        if chosen.offer.name == JSON:
            names = ("path", "method", "name", "mediaTypes", "query")
            return web.json_response({"resources": [dict(zip(names, each, strict=True)) for each in resources()]})
        body = _wadl(deps.settings.public_root)
        return web.Response(body=body, headers={"Content-Type": WADL, "Allow": "GET, HEAD, POST, DELETE, OPTIONS"})

    return handle


def _wadl(root: str) -> bytes:
    application = etree.Element("application", nsmap={None: NAMESPACE})
    base = etree.SubElement(application, "resources", base=root)
    resource_by_path: dict[str, etree._Element] = {}
    for path, verb, name, types, asked in resources():
        if path not in resource_by_path:
            resource_by_path[path] = etree.SubElement(base, "resource", path=path.lstrip("/"))
        method = etree.SubElement(resource_by_path[path], "method", name=verb, id=f"{name}{len(resource_by_path)}")
        request = etree.SubElement(method, "request")
        for parameter in asked:
            etree.SubElement(request, "param", name=parameter, style="query")
        response = etree.SubElement(method, "response", status="200")
        for kind in types:
            etree.SubElement(response, "representation", mediaType=kind)
    return bytes(etree.tostring(application, xml_declaration=True, encoding="UTF-8", pretty_print=True))
