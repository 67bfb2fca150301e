"""The software bill of materials of what is shipped, as CycloneDX 1.6 JSON: ``python -m docs.sbom > jmid.cdx.json``.

It is made of requirements-gateway.lock, which names every package that is installed with J-MID, with the hashes of its
files, and of the installed packages' metadata; a generator that reads an environment would list what develops and tests
J-MID too. Equal locks give equal bytes: there is no time in it.

Source: CycloneDX 1.6 (ECMA-424); package URLs, type pypi and npm.
"""

import base64
import hashlib
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

from docs.licences import ROOT, licence_of
from shared.web.ohif import fetch as ohif

_PACKAGE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;]+)((?:[^\n]*\\\n)*[^\n]*)", re.M)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_EXPRESSION = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*")
_HTMX = ROOT / "shared/web/static/htmx.min.js"


def main() -> int:
    """Print it."""
    sys.stdout.write(text())
    return 0


def text() -> str:
    """Return the document."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2).decode() + "\n"


def document() -> dict[str, Any]:
    """Return the bill of materials: J-MID, and each component that comes with it."""
    name, version = "jmid", metadata.version("jmid")
    own = {
        "type": "application",
        "bom-ref": name,
        "name": name,
        "version": version,
        "licenses": _licences("Apache-2.0"),
    }
    components = [*_packages(ROOT / "requirements-gateway.lock"), *_assets()]
    references = [each["bom-ref"] for each in components]
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [{"ref": name, "dependsOn": references}],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, orjson.dumps(body).decode())
    return {**body, "serialNumber": f"urn:uuid:{serial}"}


def _packages(lock: Path) -> Iterator[Mapping[str, Any]]:
    for match in _PACKAGE.finditer(lock.read_text("utf-8")):
        name, version = match[1].lower(), match[2]
        hashes = _HASH.findall(match[3])
        yield {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "licenses": _licences(licence_of(name)),
            # one of these is that of the file which a platform installs
            "externalReferences": [
                {
                    "type": "distribution",
                    "url": f"pkg:pypi/{name}@{version}",
                    "hashes": [{"alg": "SHA-256", "content": each} for each in hashes],
                }
            ],
        }


def _assets() -> Iterator[Mapping[str, Any]]:
    """Yield what pages load: htmx lies in the tree, the viewer is fetched at the first start by its digests."""
    htmx = re.search(r'version:"([0-9.]+)"', _HTMX.read_text("utf-8"))
    assert htmx is not None
    digest = hashlib.sha256(_HTMX.read_bytes()).hexdigest()
    yield _asset("htmx.org", htmx[1], "0BSD", {"alg": "SHA-256", "content": digest})
    integrity = base64.b64decode(ohif.INTEGRITY.removeprefix("sha512-")).hex()
    yield _asset(ohif.PACKAGE, ohif.VERSION, "MIT", {"alg": "SHA-512", "content": integrity})


def _asset(name: str, version: str, licence: str, digest: Mapping[str, str]) -> Mapping[str, Any]:
    purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
    own = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    return {**own, "hashes": [digest], "licenses": _licences(licence)}


def _licences(licence: str) -> list[Mapping[str, Any]]:
    """Return an SPDX expression as one, and what a package says in other words by its name."""
    if _EXPRESSION.fullmatch(licence) and " " not in licence.replace(" AND ", "").replace(" OR ", ""):
        return [{"expression": licence}]
    return [{"license": {"name": licence}}]


if __name__ == "__main__":
    sys.exit(main())
