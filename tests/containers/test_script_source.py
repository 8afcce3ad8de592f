"""Where a script's code comes from, and what is not unpacked."""

import sys
import tarfile

import boto3
import moto
import pytest

from containers.errors import UserError
from containers.script.program import Program
from containers.script.source import fetch
from containers.settings import TrainSettings
from tests.containers.scripts import archive


@pytest.fixture
def settings(tmp_path):
    return TrainSettings.read({}, tmp_path / "ml")


def test_a_directory_is_used_where_it_is(settings, tmp_path):
    directory = settings.root / "code"
    directory.mkdir(parents=True)
    assert fetch("/opt/ml/code", tmp_path / "unpacked", settings) == directory
    assert fetch(f"file://{directory}", tmp_path / "unpacked", settings) == directory
    assert not (tmp_path / "unpacked").exists()


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_an_archive_is_unpacked(settings, tmp_path, form):
    source = archive(tmp_path / "sourcedir.tar.gz", {"train.py": "1", "deep/helper.py": "2"})
    directory = fetch(form.format(source), tmp_path / "unpacked", settings)
    assert directory == tmp_path / "unpacked"
    assert (directory / "train.py").read_text() + (directory / "deep/helper.py").read_text() == "12"


def test_a_place_may_have_blanks(settings, tmp_path):
    (tmp_path / "my code").mkdir()
    assert fetch(f"file://{tmp_path}/my%20code", tmp_path / "unpacked", settings) == tmp_path / "my code"


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def huge(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = 3 * 10**9
    return member


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("../train.py", "1", "outside the destination"),
        ("link", link("link", "/etc/passwd"), "'link' is a link or a device"),
        ("hard", link("hard", "train.py", tarfile.LNKTYPE), "'hard' is a link or a device"),
        ("large", huge("large"), "unpacks to more than 2,000,000,000 bytes"),
    ],
)
def test_what_leads_out_or_fills_the_disk_is_refused(settings, tmp_path, name, content, reason):
    source = archive(tmp_path / "sourcedir.tar.gz", {name: content})
    with pytest.raises(UserError, match=reason):
        fetch(str(source), tmp_path / "unpacked", settings)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "unpacked") == ["sourcedir.tar.gz"]


def test_an_archive_without_the_script_says_so(settings, tmp_path):
    directory = fetch(str(archive(tmp_path / "sourcedir.tar.gz", {})), tmp_path / "unpacked", settings)
    with pytest.raises(UserError, match=r"there is no file 'train\.py' in the code; the files are none"):
        Program.find(directory, "train.py")


def test_what_is_no_archive_is_named(settings, tmp_path):
    (tmp_path / "train.py").write_text("print()")
    with pytest.raises(UserError, match=r"train\.py: not a readable tar archive"):
        fetch(str(tmp_path / "train.py"), tmp_path / "unpacked", settings)


def test_an_archive_in_s3(settings, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="code")
        source = archive(tmp_path / "sourcedir.tar.gz", {"train.py": "1"})
        client.upload_file(str(source), "code", "job/source/sourcedir.tar.gz")
        directory = fetch("s3://code/job/source/sourcedir.tar.gz", tmp_path / "unpacked", settings)
        assert (directory / "train.py").read_text() == "1"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["sourcedir.tar.gz", "unpacked"]
        with pytest.raises(UserError, match=r"s3://code/other\.tar\.gz: .*404"):
            fetch("s3://code/other.tar.gz", tmp_path / "more", settings)


def test_s3_without_boto3_is_a_clear_error(settings, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UserError, match="s3:// needs boto3, which is not installed here"):
        fetch("s3://code/sourcedir.tar.gz", tmp_path / "unpacked", settings)


def test_the_modules_of_a_package_have_dotted_names(tmp_path):
    (tmp_path / "setup.py").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train.py").touch()
    command = Program.find(tmp_path, "mine/train.py").command(tmp_path / "python", ["--eta", "1"])
    assert command == [f"{tmp_path}/python", "-m", "mine.train", "--eta", "1"]
