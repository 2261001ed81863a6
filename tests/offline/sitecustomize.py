"""No network: every Python that the tests start imports this first (see PYTHONPATH) and reaches only itself.

What opens sockets below Python's own module (ZeroMQ, gRPC) is not held back.
"""

import socket

REFUSED = "the tests block the network, and this reaches for {}: use a file or a fake in its place"


def check(host: object) -> None:
    """Raise OSError unless a host, as a text or bytes, is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if not (name in (None, "", "localhost", "::1") or name.startswith("127.")):
        raise OSError(REFUSED.format(name))


def guarded(reach, place: int):
    """Wrap a socket method whose argument number `place` is an address, (host, port, …) or a path."""

    def reach_here(self, *arguments):
        if isinstance(arguments[place], tuple):
            check(arguments[place][0])
        return reach(self, *arguments)

    return reach_here


socket.socket.connect = guarded(socket.socket.connect, 0)
socket.socket.connect_ex = guarded(socket.socket.connect_ex, 0)
socket.socket.sendto = guarded(socket.socket.sendto, -1)
getaddrinfo = socket.getaddrinfo


def getaddrinfo_here(host, *arguments, **options):
    """socket.getaddrinfo for this machine's names alone."""
    check(host)
    return getaddrinfo(host, *arguments, **options)


socket.getaddrinfo = getaddrinfo_here
