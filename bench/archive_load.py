"""The load of bench.archive: Instances made from one real CT slice, and clients on keep-alive connections."""

import http.client
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pydicom
from pydicom.uid import generate_uid

BOUNDARY = "bench-frontier"
STOW = {"Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'}
DICOM = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
FRAME = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}
JSON = {"Accept": "application/dicom+json"}
JPEG = {"Accept": "image/jpeg"}
_SOP, _STUDY, _SERIES = (f"1.2.826.0.1.3680043.8.498.{n}" + "7" * 30 for n in (101, 102, 103))


class Call(msgspec.Struct, frozen=True):
    """One request. weight: how many Instances it is about."""

    path: str
    headers: dict[str, str]
    body: bytes | None = None
    weight: int = 1


class Template:
    """Makes Instances by replacing UIDs of equal length in the bytes: as fast as copying them."""

    def __init__(self, source: Path, side: int = 0) -> None:
        data_set = pydicom.dcmread(source)
        data_set.SOPInstanceUID, data_set.StudyInstanceUID, data_set.SeriesInstanceUID = _SOP, _STUDY, _SERIES
        data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
        data_set.PatientID, data_set.PatientName, data_set.StudyDate = "P0000000", "NAME0000^GIVEN", "20200101"
        if side:
            data_set.Rows = data_set.Columns = side
            data_set.PixelData = b"\0" * (side * side * 2)
        target = io.BytesIO()
        data_set.save_as(target)
        self._bytes = target.getvalue()

    def instance(self, study: int, series: int, number: int, run: int) -> bytes:
        """Return an Instance; the same numbers give the same."""
        stamp = f"{run:04}{study:08}{series:05}"
        return (
            self._bytes.replace(_SOP.encode(), uid(_SOP, f"{stamp}{number:07}"))
            .replace(_SERIES.encode(), uid(_SERIES, stamp))
            .replace(_STUDY.encode(), uid(_STUDY, f"{run:04}{study:08}"))
            .replace(b"P0000000", b"P%07d" % (study // 2))
            .replace(b"NAME0000", b"NAME%04d" % (study * 31 % 9973))
            .replace(b"20200101", b"20%02d%02d%02d" % (10 + study % 15, study % 12 + 1, study % 28 + 1))
        )


def uid(template: str, digits: str) -> bytes:
    """Return the UID with these last digits."""
    return (template[: -len(digits)] + digits).encode()


def study_uid(study: int, run: int) -> str:
    """Return the Study Instance UID that Template.instance gives."""
    return uid(_STUDY, f"{run:04}{study:08}").decode()


def series_uid(study: int, series: int, run: int) -> str:
    """Return the Series Instance UID that Template.instance gives."""
    return uid(_SERIES, f"{run:04}{study:08}{series:05}").decode()


def sop_uid(study: int, series: int, number: int, run: int) -> str:
    """Return the SOP Instance UID that Template.instance gives."""
    return uid(_SOP, f"{run:04}{study:08}{series:05}{number:07}").decode()


def stow(instances: Sequence[bytes]) -> Call:
    """Return the request that stores these."""
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join(piece for each in instances for piece in (head, each, b"\r\n"))
    return Call("/studies", STOW, body + f"--{BOUNDARY}--\r\n".encode(), len(instances))


def run(port: int, root: str, calls: Sequence[Call], clients: int = 1) -> tuple[float, list[float], int]:
    """Make the calls, each client one after the other; return seconds, latencies, and bytes that came."""
    waiting: Iterator[Call] = iter(calls)
    lock = threading.Lock()
    latencies: list[float] = []
    came = [0]
    failures: list[str] = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        while not failures:
            with lock:
                call = next(waiting, None)
            if call is None:
                break
            began = time.perf_counter()
            connection.request("POST" if call.body else "GET", root + call.path, call.body, call.headers)
            answer = connection.getresponse()
            size = len(answer.read())
            with lock:
                latencies.append(time.perf_counter() - began)
                came[0] += size
                if answer.status != 200:
                    failures.append(f"{answer.status} for {call.path}")
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(failures[0])
    return time.perf_counter() - began, latencies, came[0]


class Peak:
    """Watches a figure in a thread; most: the largest that was seen."""

    def __init__(self, figure: Callable[[], int]) -> None:
        self._figure = figure
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, self._figure())


def multiframe(source: Path, frames: int) -> tuple[str, str, str, bytes]:
    """Return UIDs and bytes of a multi-frame Instance made of one slice."""
    data_set = pydicom.dcmread(source)
    data_set.NumberOfFrames = frames
    data_set.PixelData = data_set.PixelData * frames
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(data_set, keyword, generate_uid())
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    target = io.BytesIO()
    data_set.save_as(target)
    return data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID, target.getvalue()
