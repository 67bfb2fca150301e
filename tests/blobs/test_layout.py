"""Where the local store puts its files."""

from pathlib import Path

from shared.blobs.local import open_local


async def test_a_series_lies_in_one_folder_and_single_keys_are_spread(tmp_path: Path) -> None:
    async with open_local(tmp_path) as blobs:
        await blobs.put_many({f"instances/1.2/3.4/{number}.dcm": b"x" for number in range(50)})
        await blobs.put_many({f"content{number}": b"x" for number in range(50)})
        series = {blobs.local_path(f"instances/1.2/3.4/{number}.dcm") for number in range(50)}
        contents = {blobs.local_path(f"content{number}") for number in range(50)}

    assert len({path.parent for path in series if path}) == 1
    assert len({path.parent for path in contents if path}) > 40
