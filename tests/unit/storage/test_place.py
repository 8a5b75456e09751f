"""Where a database may live."""

from pathlib import Path, PurePosixPath

import pytest

from denticode_desktop.domain.errors import StorageError, StoreKeyError, StorePlaceError
from denticode_desktop.storage.place import PlaceProbe, check_place, file_system_of, free_bytes, told_by_disk

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/share rw - cifs //nas/share rw
31 22 0:41 / /srv/share/local rw - xfs /dev/sdb1 rw
32 22 0:42 / /mnt/my\\040disk rw - nfs4 nas:/x rw
33 22 0:43 / /cover rw - ext4 /dev/sdc1 rw
34 22 0:44 / /cover rw - fuse.sshfs host: rw
broken line
"""


def probe(mounts: str = MOUNTS, drive: int = 3) -> PlaceProbe:
    return PlaceProbe(lambda: mounts, lambda _: drive)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/denticode.db", "ext4"),
        ("/srv/share/denticode.db", "cifs"),
        ("/srv/share/local/denticode.db", "xfs"),
        ("/srv/shared/denticode.db", "ext4"),
        ("/mnt/my disk/denticode.db", "nfs4"),
        ("/cover/denticode.db", "fuse.sshfs"),
    ],
)
def test_file_system_is_that_of_the_longest_and_last_mount(path: str, kind: str) -> None:
    assert file_system_of(PurePosixPath(path), MOUNTS) == kind


@pytest.mark.parametrize("path", ["/srv/share/x/denticode.db", "/mnt/my disk/denticode.db", "/cover/denticode.db"])
def test_network_file_system_is_refused(path: str) -> None:
    with pytest.raises(StorePlaceError) as caught:
        check_place(Path(path), probe())
    assert caught.value.kind == "network_share"


@pytest.mark.parametrize(
    "folder",
    ["OneDrive", "OneDrive - Elm Street", "Dropbox", "Google Drive", "GoogleDrive", "iCloudDrive", "Nextcloud"],
)
def test_synced_folder_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(StorePlaceError) as caught:
        check_place(tmp_path / folder / "data" / "denticode.db", probe(""))
    assert caught.value.kind == "synced_folder"


def test_link_into_a_synced_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "Dropbox")
    with pytest.raises(StorePlaceError):
        check_place(tmp_path / "data" / "denticode.db", probe(""))


@pytest.mark.parametrize(
    ("error", "free", "kind"),
    [
        (StorageError("failed"), 4096, "disk_full"), (StorageError("failed"), 50_000_000_000, "failed"),
        (StorageError("locked"), 4096, "locked"), (StoreKeyError("wrong_key"), 4096, "wrong_key"),
    ],
)  # fmt: skip
def test_input_output_error_of_a_full_disk_is_told_as_such(error: StorageError, free: int, kind: str) -> None:
    assert str(told_by_disk(error, free)) == kind
    assert type(told_by_disk(error, free)) is type(error)


def test_free_space_of_a_folder_that_is_not_there_stops_nobody(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0
    assert free_bytes(tmp_path / "none") > 1_000_000_000


def test_local_folder_is_fine(tmp_path: Path) -> None:
    check_place(tmp_path / "denticode.db", probe())
    check_place(tmp_path / "denticode.db", probe(""))
    check_place(tmp_path / "denticode.db")
