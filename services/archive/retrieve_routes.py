"""The retrieve side's table of contents: which path is answered by what.

Source: PS3.18 Tables 10.4.1-1 to 10.4.1-7 (resources of the Retrieve Transaction), 9 (URI Service), 8.9 (capabilities).
"""

from aiohttp import web

from services.archive import capabilities
from services.archive.deps import ArchiveDeps
from services.archive.render import routes as rendered
from services.archive.render import uri_service
from services.archive.retrieve import bulkdata, frame_routes, instances, metadata

ROOT = "/dicom-web"
STUDY = ROOT + "/studies/{study}"
SERIES = STUDY + "/series/{series}"
INSTANCE = SERIES + "/instances/{instance}"
FRAMES = INSTANCE + "/frames/{frames}"
LEVELS = (STUDY, SERIES, INSTANCE)


def routes(deps: ArchiveDeps) -> list[web.AbstractRouteDef]:
    """Return the retrieve routes, with full paths; HEAD is answered wherever GET is."""
    all_values, pixel_values = (
        bulkdata.of_resource(deps, only_pixels=False),
        bulkdata.of_resource(deps, only_pixels=True),
    )
    by_level: list[web.AbstractRouteDef] = []
    for level in LEVELS:
        by_level += [
            web.get(level, instances.retrieve(deps)),
            web.get(f"{level}/metadata", metadata.retrieve(deps)),
            web.get(f"{level}/bulkdata", all_values),
            web.get(f"{level}/pixeldata", pixel_values),
            web.get(f"{level}/rendered", rendered.retrieve(deps)),
            web.get(f"{level}/thumbnail", rendered.thumbnail(deps)),
        ]
    return [
        *by_level,
        web.get(FRAMES, frame_routes.retrieve(deps)),
        web.get(f"{FRAMES}/rendered", rendered.retrieve(deps)),
        web.get(f"{FRAMES}/thumbnail", rendered.thumbnail(deps)),
        web.get(INSTANCE + "/bulkdata/{path:.+}", bulkdata.value(deps)),
        web.get(f"{ROOT}/wado", uri_service.retrieve(deps)),
        web.options(f"{ROOT}/", capabilities.describe(deps)),
        web.options(ROOT, capabilities.describe(deps)),
    ]
