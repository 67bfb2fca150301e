"""SeaweedFS with its S3 gateway, all in one process on loopback."""

import hashlib
import hmac
import http.client
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from tests.servers.process import VENV, Server, free_ports

REGION = "us-east-1"


@dataclass(frozen=True)
class Account:
    """Where an S3 service is and how one signs for it. endpoint: such as http://127.0.0.1:8333."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str = REGION

    def request(self, method: str, path: str) -> int:
        """Send a signed request without a body, such as PUT /bucket; return the status.

        Source: AWS Signature Version 4, "Create a signed AWS API request".
        """
        url, now = urlsplit(self.endpoint), datetime.now(UTC)
        day, payload = f"{now:%Y%m%d}", hashlib.sha256(b"").hexdigest()
        headers = {"host": url.netloc, "x-amz-content-sha256": payload, "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}"}
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = f"{method}\n{path}\n\n{lines}\n{names}\n{payload}"
        scope = f"{day}/{self.region}/s3/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = f"AWS4{self.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{digest}"
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        credential = f"Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        headers["authorization"] = f"AWS4-HMAC-SHA256 {credential}"
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.netloc, timeout=10)
        try:
            connection.request(method, path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()


@dataclass(frozen=True)
class Bucket:
    """An empty bucket of an account."""

    account: Account
    name: str

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables by which obstore and AWS' own tools find it."""
        return {
            "AWS_ACCESS_KEY_ID": self.account.access_key,
            "AWS_SECRET_ACCESS_KEY": self.account.secret_key,
            "AWS_ENDPOINT_URL": self.account.endpoint,
            "AWS_REGION": self.account.region,
            "AWS_ALLOW_HTTP": "true",
        }


class SeaweedFS(Server):
    """account: with the right to make buckets."""

    name = "s3"
    external = False
    stop_s = 3
    """It waits 15 s for streams between its own parts, which do not end; what was answered is on the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._ports = free_ports(8)
        self.account = Account(f"http://127.0.0.1:{self._ports[6]}", "jmid-test", "jmid-test-secret")
        credentials = [{"accessKey": self.account.access_key, "secretKey": self.account.secret_key}]
        identity = {"name": "test", "credentials": credentials, "actions": ["Admin"]}
        (self.folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (self.folder / "data").mkdir()

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        names = ("master", "volume", "filer", "s3")
        ports = [
            f"-{name}.port{kind}={port}"
            for (name, kind), port in zip(
                ((name, kind) for name in names for kind in ("", ".grpc")), self._ports, strict=True
            )
        ]
        weed = VENV / "weed" if (VENV / "weed").exists() else shutil.which("weed") or "weed"
        return [
            weed, "-logtostderr=true", "-v=0", "server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *ports,
            "-filer", "-s3", "-s3.config=s3.json", "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false",
            "-volume.max=400", "-master.volumeSizeLimitMB=256", "-volume.preStopSeconds=0",
            "-master.electionTimeout=1s",
        ], {}  # fmt: skip

    def is_ready(self) -> bool:
        """Return whether it lists buckets, and stores: its parts find each other only after a while."""
        try:
            if self.account.request("GET", "/") != http.client.OK:
                return False
            self.account.request("PUT", "/ready")
            return self.account.request("PUT", "/ready/probe") == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


class NamedS3:
    """The one that JMID_TEST_S3 names, as http://KEY:SECRET@host:port."""

    external = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.hostname or not parts.username or not parts.password:
            raise ValueError(
                "JMID_TEST_S3 takes http://KEY:SECRET@host:port, for example http://key:secret@127.0.0.1:9000"
            )
        port = f":{parts.port}" if parts.port else ""
        region = os.environ.get("AWS_REGION", REGION)
        self.account = Account(f"{parts.scheme}://{parts.hostname}{port}", parts.username, parts.password, region)
