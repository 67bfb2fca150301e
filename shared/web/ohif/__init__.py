"""The OHIF viewer: fetched by npm at set-up, trimmed, and served at /viewer beside the archive it reads.

``prepare`` says where it is, or why it is not there; ``routes`` serves it, ``Viewer`` does both beside
everything else. ``python -m shared.web.ohif HOME`` prepares
it ahead of the first start. OHIF is MIT-licensed; nothing of it is kept in this repository.
"""

from shared.web.ohif.fetch import Prepared, prepare
from shared.web.ohif.serve import routes
from shared.web.ohif.viewer import Viewer

__all__ = ["Prepared", "Viewer", "prepare", "routes"]
