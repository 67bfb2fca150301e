"""A segmentation and a measurement report of a CT series, made with highdicom as an AI team makes them."""

import io
from collections.abc import Sequence

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

SEGMENTS = 2
ALGORITHM = hd.AlgorithmIdentificationSequence("lung-model", codes.DCM.ArtificialIntelligence, "1.0")


def mask_of(images: Sequence[Dataset]) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Return labels, images × rows × columns: segment 1 a block, segment 2 a larger one beside it."""
    mask = np.zeros((len(images), images[0].Rows, images[0].Columns), dtype=np.uint8)
    mask[:, 10:20, 10:30] = 1
    mask[1:, 40:80, 40:50] = 2
    return mask


def segmentation(images: Sequence[Dataset]) -> bytes:
    """Return the Part 10 file of a binary segmentation (PS3.3 A.51) of these images."""
    described = [
        hd.seg.SegmentDescription(
            number, f"finding {number}", codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Nodule,
            hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC, ALGORITHM,
        )
        for number in range(1, SEGMENTS + 1)
    ]  # fmt: skip
    return _file(
        hd.seg.Segmentation(
            list(images), mask_of(images), hd.seg.SegmentationTypeValues.BINARY, described,
            series_instance_uid=hd.UID(), series_number=100, sop_instance_uid=hd.UID(), instance_number=1,
            manufacturer="AI team", manufacturer_model_name="lung-model", software_versions="1.0",
            device_serial_number="1",
        )
    )  # fmt: skip


def measurement_report(images: Sequence[Dataset], segmented: Dataset, volume_mm3: float) -> bytes:
    """Return the Part 10 file of a report (PS3.16 TID 1500) that gives the first segment's volume."""
    observer = hd.sr.ObserverContext(
        codes.DCM.Device, hd.sr.DeviceObserverIdentifyingAttributes(uid=hd.UID(), name="lung-model")
    )
    group = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        hd.sr.TrackingIdentifier(hd.UID(), "finding 1"),
        referenced_segment=hd.sr.ReferencedSegment.from_segmentation(segmented, 1),
        finding_type=codes.SCT.Nodule,
        measurements=[hd.sr.Measurement(codes.SCT.Volume, volume_mm3, codes.UCUM.CubicMillimeter)],
    )
    content = hd.sr.MeasurementReport(
        hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )
    return _file(
        hd.sr.Comprehensive3DSR(
            [*images, segmented], content[0], series_instance_uid=hd.UID(), series_number=101,
            sop_instance_uid=hd.UID(), instance_number=1, manufacturer="AI team",
        )
    )  # fmt: skip


def _file(made: Dataset) -> bytes:
    target = io.BytesIO()
    made.save_as(target)
    return target.getvalue()
