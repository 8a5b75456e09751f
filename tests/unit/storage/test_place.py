"""Where a database may live."""

from pathlib import Path, PurePosixPath

import pytest

from denticode_desktop.domain.errors import StorePlaceError
from denticode_desktop.storage.place import PlaceProbe, check_place, file_system_of

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


def test_local_folder_is_fine(tmp_path: Path) -> None:
    check_place(tmp_path / "denticode.db", probe())
    check_place(tmp_path / "denticode.db", probe(""))
    check_place(tmp_path / "denticode.db")
