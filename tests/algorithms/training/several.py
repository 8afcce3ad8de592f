"""Several hosts in threads of one process."""

import socket
import threading
from collections.abc import Callable
from typing import Any

from containers.hosts import Hosts
from containers.stop import Stop


def cluster(count: int) -> list[Hosts]:
    """As many hosts, on ports of their own."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = {f"host-{i}": f"127.0.0.1:{s.getsockname()[1]}" for i, s in enumerate(sockets)}
    for s in sockets:
        s.close()
    return [Hosts(name, tuple(addresses), addresses=addresses, stop=Stop()) for name in addresses]


def run(hosts: list[Hosts], function: Callable[[Hosts], Any]) -> list[Any]:
    """What the function returns on each host, or the exception that it raises."""
    ends: list[Any] = [None] * len(hosts)

    def one(i: int) -> None:
        try:
            ends[i] = function(hosts[i])
        except Exception as error:  # looked at by the test
            ends[i] = error

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(hosts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
