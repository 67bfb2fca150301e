"""Select the frames that a rendered resource shows: of its images, or those that a Presentation State refers to.

Source: PS3.18 10.4.1.1.3 (Rendered Resources, Presentation States), 8.3.5.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from services.archive import stored_bytes
from services.archive.attributes.stored import data_set_of
from services.archive.deps import ArchiveDeps
from services.archive.http.resources import Resource
from services.archive.pixels import frames
from services.archive.records import INSTANCES, InstanceRecord
from services.archive.render import image_attributes, presentation_state, worker
from services.archive.render.lookup_tables import LUT_PATHS
from services.archive.render.parameters import RenderingParameters
from services.archive.render.presentation_state import GRAYSCALE_STATE, PresentationState
from services.archive.render.worker import FrameSource, RenderJob
from shared.errors import Refused

MAX_STATE_FRAMES = 2000
MAX_FRAMES = 10_000
"""That are selected without being named: more are asked for by their numbers, so that no request lists millions."""


class SelectedFrame(msgspec.Struct, frozen=True):
    """One frame (from 1) of an Instance, and the Presentation State to show it by."""

    record: InstanceRecord
    number: int
    state: PresentationState | None = None


class Selection(NamedTuple):
    """What to show of a resource. status: 206 where more is to be shown than is here (PS3.18 Table 10.4.3-1)."""

    frames: list[SelectedFrame]
    status: int


async def of_frames(deps: ArchiveDeps, resource: Resource, listed: str | None) -> Selection:
    """Return what to show of a resource. listed: the frame numbers of the request, as text.

    A Presentation State shows what it refers to and the archive has, when it is asked for by itself; of a Study or
    Series with images, the images. Raises Refused when there is nothing to show.
    """
    images = [record for record in resource.online if record.pixels is not None]
    status = resource.status(lambda record: record.pixels is not None)
    if images:
        return Selection(
            [SelectedFrame(record, number) for record in images for number in _numbers(record, listed)], status
        )
    shown = [await _by_state(deps, record) for record in resource.online if record.sop_class_uid == GRAYSCALE_STATE]
    if not any(each.frames for each in shown):
        raise Refused("nothing-to-render", "the resource has no image; its metadata and bulk data are there")
    return Selection([frame for each in shown for frame in each.frames], max(status, *(each.status for each in shown)))


def representative(selection: Sequence[SelectedFrame]) -> SelectedFrame:
    """Return the frame that stands for all: of the middle image, the frame that it names or its middle one."""
    if selection[0].state is not None:
        return selection[0]
    images = list({each.record.sop_instance_uid: each.record for each in selection}.values())
    record = images[len(images) // 2]
    numbers = [each.number for each in selection if each.record is record]
    count = frames.pixels_of(record).number_of_frames
    named = 1 if count == 1 else image_attributes.read(record.metadata, count, {}).representative
    return SelectedFrame(record, named if named in numbers else numbers[0])


def _numbers(record: InstanceRecord, listed: str | None) -> Sequence[int]:
    count = frames.pixels_of(record).number_of_frames
    if listed is not None:
        return frames.numbers(listed, count)
    if count > MAX_FRAMES:
        raise Refused("too-many-frames", f"the Instance has {count}; ask for frames by their numbers")
    return range(1, count + 1)


async def _by_state(deps: ArchiveDeps, record: InstanceRecord) -> Selection:
    attributes, bulk = data_set_of(record.metadata), await _lut_bytes(deps, record)
    wanted = presentation_state.references(attributes)
    known = await deps.documents.get_many(INSTANCES, [reference.sop_instance_uid for reference in wanted])
    selection, is_whole = list[SelectedFrame](), True
    for reference in wanted:
        image = known.get(reference.sop_instance_uid)
        if image is None or image.pixels is None or not image.is_here or not _together(image, record):
            is_whole = False
            continue
        numbers = list(reference.frames or range(1, min(image.pixels.number_of_frames, MAX_STATE_FRAMES + 1) + 1))
        there = [number for number in numbers if number <= image.pixels.number_of_frames]
        room = MAX_STATE_FRAMES - len(selection)
        is_whole &= len(there) == len(numbers) and len(there) <= room
        for number in there[:room]:
            state = presentation_state.state_for(attributes, image.sop_instance_uid, number, bulk)
            selection.append(SelectedFrame(image, number, state))
    return Selection(selection, 200 if is_whole else 206)


def _together(image: InstanceRecord, state: InstanceRecord) -> bool:
    """A state is for images of its own Study (PS3.3 C.11.11); that also keeps it from showing another patient's."""
    return image.study_instance_uid == state.study_instance_uid


async def rendered(deps: ArchiveDeps, selected: SelectedFrame, rendering: RenderingParameters, kind: str) -> bytes:
    """Return a frame as an image file. kind: its media type."""
    return await deps.cpu(worker.render, await render_job(deps, selected), rendering, kind)


async def render_job(deps: ArchiveDeps, selected: SelectedFrame) -> RenderJob:
    """Return what the pool needs to render a frame; pixels of a local file stay where they are."""
    record, number = selected.record, selected.number
    path = None if record.deflated else deps.blobs.local_path(record.blob)
    if path is None:
        source = FrameSource(data=await frames.frame(deps, record, number))
    else:
        await stored_bytes.check_for_parts(deps, record)
        bits = 0 if frames.pixels_of(record).encapsulated else frames.frame_shape(record).frame_bits
        source = FrameSource(path=str(path), spans=frames.spans(record, number), shift=bits * (number - 1) % 8)
    count = frames.pixels_of(record).number_of_frames
    bulk: Mapping[str, bytes] = await _lut_bytes(deps, record)
    return RenderJob(source, number, count, record.transfer_syntax_uid, record.metadata, bulk, selected.state)


async def _lut_bytes(deps: ArchiveDeps, record: InstanceRecord) -> dict[str, bytes]:
    """Return the bulk values that rendering may need: LUTs, palettes and ICC Profiles."""
    wanted: Mapping[str, tuple[int, int]] = {
        path: place for path, place in record.bulk.items() if path.startswith(LUT_PATHS)
    }
    if not wanted:
        return {}
    return dict(zip(wanted, await frames.ranges(deps, record, list(wanted.values())), strict=True))
