"""Hosts that wait for each other."""

import socket
import threading

import pytest

from algorithms.training.rendezvous import meet
from containers.errors import AlgorithmError
from containers.hosts import Hosts
from containers.stop import Stop, Stopped


def cluster(count):
    """As many hosts, on ports of their own."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = {f"host-{i}": f"127.0.0.1:{s.getsockname()[1]}" for i, s in enumerate(sockets)}
    for s in sockets:
        s.close()
    return [Hosts(name, tuple(addresses), addresses=addresses, stop=Stop()) for name in addresses]


def run(hosts, **options):
    """Let them meet, each in a thread; what each ended with."""
    ends = [None] * len(hosts)

    def one(i):
        try:
            meet(hosts[i], **options)
            ends[i] = "met"
        except (AlgorithmError, Stopped) as error:
            ends[i] = error

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(hosts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends


@pytest.mark.parametrize("count", [2, 3, 5])
def test_hosts_meet(count):
    assert run(cluster(count)) == ["met"] * count


def test_the_port_is_free_again_afterwards():
    hosts = cluster(2)
    assert run(hosts) == ["met", "met"]
    _, _, port = hosts[0].address("host-0").rpartition(":")
    socket.create_server(("127.0.0.1", int(port))).close()


def test_a_host_that_does_not_come_is_named():
    first, second, _ = cluster(3)
    ends = run([first, second], patience=1)
    assert [str(end) for end in ends] == ["not all hosts of the job have come within 1 s: missing host-2"] * 2


def test_strangers_do_not_count():
    first, _ = cluster(2)
    _, _, port = first.address("host-0").rpartition(":")
    ends = []
    waiting = threading.Thread(target=lambda: ends.extend(run([first], patience=2)))
    waiting.start()
    connected = False
    while waiting.is_alive() and not connected:
        try:
            with socket.create_connection(("127.0.0.1", int(port)), 1) as stranger:
                stranger.sendall(b"host-7\n")
                connected = True
        except OSError:
            continue
    waiting.join(30)
    assert connected
    assert "missing host-1" in str(ends[0])


def test_a_stop_ends_the_waiting():
    first, _ = cluster(2)
    first.stop.set()
    (end,) = run([first])
    assert isinstance(end, Stopped)
