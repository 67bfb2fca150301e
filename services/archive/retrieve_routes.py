"""The retrieve side's table of contents: which path is answered by what.

Source: PS3.18 Tables 10.4.1-1 to 10.4.1-7 (resources of the Retrieve Transaction), 9 (URI Service), 8.9 (capabilities).
"""

from aiohttp import web

from services.archive import capabilities
from services.archive.deps import ArchiveDeps
from services.archive.http.responses import Handle
from services.archive.render import routes as rendered
from services.archive.render import uri_service
from services.archive.retrieve import bulkdata, frame_routes, instances, metadata
from services.archive.retrieve.recalls import Recalls

ROOT = "/dicom-web"
STUDY = ROOT + "/studies/{study}"
SERIES = STUDY + "/series/{series}"
INSTANCE = SERIES + "/instances/{instance}"
FRAMES = INSTANCE + "/frames/{frames}"
LEVELS = (STUDY, SERIES, INSTANCE)


def routes(deps: ArchiveDeps, recalls: Recalls | None = None) -> list[web.AbstractRouteDef]:
    """Return the retrieve routes, with full paths; HEAD is answered wherever GET is.

    recalls: notes which Studies to ask back, where a retrieve may do that.
    """

    def get(path: str, handle: Handle) -> web.RouteDef:
        return web.get(path, recalls.noticing(handle) if recalls else handle)

    all_values, pixel_values = (
        bulkdata.of_resource(deps, only_pixels=False),
        bulkdata.of_resource(deps, only_pixels=True),
    )
    by_level: list[web.AbstractRouteDef] = []
    for level in LEVELS:
        by_level += [
            get(level, instances.retrieve(deps)),
            get(f"{level}/metadata", metadata.retrieve(deps)),
            get(f"{level}/bulkdata", all_values),
            get(f"{level}/pixeldata", pixel_values),
            get(f"{level}/rendered", rendered.retrieve(deps)),
            get(f"{level}/thumbnail", rendered.thumbnail(deps)),
        ]
    return [
        *by_level,
        get(FRAMES, frame_routes.retrieve(deps)),
        get(f"{FRAMES}/rendered", rendered.retrieve(deps)),
        get(f"{FRAMES}/thumbnail", rendered.thumbnail(deps)),
        get(INSTANCE + "/bulkdata/{path:.+}", bulkdata.value(deps)),
        get(f"{ROOT}/wado", uri_service.retrieve(deps)),
        web.options(f"{ROOT}/", capabilities.describe(deps)),
        web.options(ROOT, capabilities.describe(deps)),
    ]
