"""Endpoints: models are unpacked without trust, served on a port of their own, and leave nothing behind."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

import pytest

import local_mode
from containers import archives
from containers.errors import UserError
from local_mode import client, network
from tests.local_mode.ended import has_ended

MODEL = {"model.json": json.dumps({"algorithm": "tiny", "scale": 3.0}).encode()}


def archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return archive(tmp_path / "model.tar.gz", MODEL)


@pytest.mark.slow
def test_an_endpoint_answers_until_it_is_closed(tiny, model, scratch):
    with local_mode.serve(model, workers=1) as endpoint:
        assert endpoint.invoke("1\n2\n", "text/csv") == b"3.0\n6.0\n"
        with urllib.request.urlopen(f"{endpoint.url}/ping") as answer:
            assert answer.status == 200
        with pytest.raises(local_mode.InvocationFailed, match=r"^400 .*row 1: could not convert") as failed:
            endpoint.invoke(b"x\n", "text/csv", "text/csv")
        assert failed.value.status == 400
        with pytest.raises(local_mode.InvocationFailed, match=r"^415 "):
            endpoint.invoke(b"1", "image/png")
    endpoint.close()
    with pytest.raises(local_mode.InvocationFailed, match="no answer from"):
        endpoint.invoke("1", "text/csv")


@pytest.mark.slow
def test_a_directory_is_served_where_it_lies(tiny, tmp_path, scratch):
    directory = tmp_path / "model"
    directory.mkdir()
    (directory / "model.json").write_bytes(MODEL["model.json"])
    (port,) = network.free_ports(1)
    with local_mode.serve(directory, port=port, workers=1) as endpoint:
        assert endpoint.url == f"http://127.0.0.1:{port}"
        assert endpoint.invoke("2") == b"6.0\n"
    assert [path.name for path in directory.iterdir()] == ["model.json"]


@pytest.mark.slow
def test_what_a_server_leaves_running_is_ended(tiny, tmp_path, scratch):
    note = tmp_path / "pid"
    content = json.dumps({"algorithm": "tiny", "scale": 1.0, "child": str(note)}).encode()
    local_mode.serve(archive(tmp_path / "model.tar.gz", {"model.json": content}), workers=1).close()
    assert has_ended(int(note.read_text()))


@pytest.mark.slow
def test_a_server_that_does_not_start_is_quoted(tiny, tmp_path, scratch):
    broken = archive(tmp_path / "model.tar.gz", {"model.json": b'{"algorithm": "tiny"}'})
    with pytest.raises(local_mode.EndpointFailed, match=r"(?s)before it answered /ping; its last words:.*scale"):
        local_mode.serve(broken, workers=1)


def test_an_unknown_algorithm(tiny, tmp_path, scratch):
    stranger = archive(tmp_path / "model.tar.gz", {"model.json": b'{"algorithm": "tini"}'})
    with pytest.raises(local_mode.EndpointFailed, match=r"unknown algorithm 'tini' .did you mean 'tiny'"):
        local_mode.serve(stranger)


def test_a_port_in_use(tiny, model, scratch):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UserError, match=r"port .*: Address already in use"):
        local_mode.serve(model, port=taken.getsockname()[1])


def test_models_that_cannot_be_served(tiny, tmp_path, scratch):
    with pytest.raises(UserError, match="there is no model at"):
        local_mode.serve(tmp_path / "nowhere.tar.gz")
    with pytest.raises(UserError, match=r"no model\.json to tell its algorithm"):
        local_mode.serve(archive(tmp_path / "other.tar.gz", {"weights": b""}))
    with pytest.raises(UserError, match="no JSON object with a member 'algorithm'"):
        local_mode.serve(archive(tmp_path / "bad.tar.gz", {"model.json": b"[]"}))
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(UserError, match="not a readable tar archive"):
        local_mode.serve(tmp_path / "text")


def hostile(path: Path, member: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(info, field, value)
    return info


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (member("../outside", size=1), "outside the destination"),
        (member("/etc/outside", size=1), None),
        (member("a/../../outside", size=1), "outside the destination"),
        (member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "is a link or a device"),
        (member("link", type=tarfile.LNKTYPE, linkname="../../etc/passwd"), "is a link or a device"),
        (member("device", type=tarfile.CHRTYPE), "is a link or a device"),
        (member("fifo", type=tarfile.FIFOTYPE), "is a link or a device"),
        (member("large", size=1001), "unpacks to more than 1,000 bytes"),
    ],
)
def test_hostile_archives(tmp_path, entry, message):
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    path = hostile(tmp_path / "hostile.tar.gz", entry)
    if message is None:  # tarfile's filter strips the slash: it lands inside
        archives.unpack(path, target)
        assert (target / "etc" / "outside").exists()
    else:
        with pytest.raises(UserError, match=message):
            archives.unpack(path, target, limit=1000)
        assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_a_damaged_archive(model, tmp_path):
    content = model.read_bytes()
    checksum = len(content) - 8
    for damaged in (content[: len(content) // 2], content[:-1], content[:checksum] + b"1234" + content[checksum + 4 :]):
        model.write_bytes(damaged)
        with pytest.raises(UserError, match="not a readable tar archive"):
            archives.unpack(model, tmp_path / "target")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("8080", "http://127.0.0.1:8080/invocations"),
        ("host:81", "http://host:81/invocations"),
        ("https://host/", "https://host/invocations"),
        ("http://host/models/a/invoke", "http://host/models/a/invoke"),
    ],
)
def test_endpoints_as_users_type_them(typed, url):
    assert client.endpoint_url(typed) == url


@pytest.mark.parametrize("typed", ["file:///etc/passwd", "ftp://host", "http://"])
def test_what_is_no_endpoint(typed):
    with pytest.raises(UserError, match="endpoint: expected a port or an http"):
        client.endpoint_url(typed)


@pytest.mark.slow
def test_the_commands_serve_and_invoke(tiny, model, tmp_path, scratch):
    (port,) = network.free_ports(1)
    drydock = [sys.executable, "-m", "local_mode.cli"]
    with subprocess.Popen(
        [*drydock, "serve", str(model), "--port", str(port), "--workers", "1"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stderr.readline() == f"serving on http://127.0.0.1:{port}; Ctrl-C ends it\n"
        invoke = [*drydock, "invoke", str(port), "-", "--content-type"]
        good = subprocess.run([*invoke, "text/csv"], input=b"5\n", capture_output=True, check=True)
        bad = subprocess.run([*invoke, "image/png"], input=b"5\n", capture_output=True)
        assert good.stdout == b"15.0\n"
        assert bad.returncode == 1
        assert bad.stderr.startswith(b"Error: 415 ")
        assert b"Traceback" not in bad.stderr
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        assert children
        os.kill(server.pid, signal.SIGINT)
        server.wait(timeout=60)
        assert server.returncode == 0
        assert not any(Path("/proc", child).exists() for child in children)
