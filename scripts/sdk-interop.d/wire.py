"""The way from the clients to the fake: host names, a relay that records, the control door.

The clients call the cloud's own host names. Only the resolver is ours: it sends every such name to the fake, so that
URLs, signed hosts and the verification of certificates are as they are in production. Nothing else can be reached.
"""

import contextlib
import json
import socket
import threading
import urllib.request

LOOPBACK = "127.0.0.1"
# Where a machine of the cloud finds what it is: an address, and clients have no setting for it.
METADATA = "100.100.100.200"


def redirect(ports):
    """Lets the cloud's host names, and its metadata service's address, lead to the fake.

    `ports` says where, for each port of the cloud that a client may ask for.
    """
    genuine = socket.getaddrinfo

    def resolve(host, port, *rest, **named):
        name = host.decode() if isinstance(host, bytes) else host
        if name.endswith(".aliyuncs.com"):
            return genuine(LOOPBACK, ports[int(port)], *rest, **named)
        if name == METADATA:
            return genuine(LOOPBACK, ports[METADATA], *rest, **named)
        if name != LOOPBACK:
            raise socket.gaierror(f"{name} is neither the cloud nor the fake")
        return genuine(host, port, *rest, **named)

    socket.getaddrinfo = resolve


def address(url):
    """Host and port of a URL."""
    host, _, port = url.split("//", 1)[1].rpartition(":")
    return host, int(port)


class Control:
    """The control door."""

    def __init__(self, url):
        self.url = url

    def ask(self, method, path, body=None):
        """The answer's JSON, or nothing."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as response:
            text = response.read().decode()
        return json.loads(text) if text.startswith(("{", "[")) else text

    def begin(self, seed):
        """An empty cloud with a seed."""
        self.ask("POST", "/reset")
        self.ask("POST", "/seed", seed)

    def clock(self, change):
        """Moves the fake's clock and says what it shows now."""
        return self.ask("PUT", "/clock", change)["now"]


def read_message(stream):
    """One HTTP message with its body, as bytes; empty at the end of the connection."""
    message = b""
    while not message.endswith(b"\r\n\r\n"):
        byte = stream.read(1)
        if not byte:
            return b""
        message += byte
    length = 0
    for line in message.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return message + (stream.read(length) if length else b"")


class Relay:
    """Stands before the fake's HTTP door and keeps the last request as it came over the wire."""

    def __init__(self, door):
        self.door = door
        self.last = b""
        self.listener = socket.create_server((LOOPBACK, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.carry, args=(connection,), daemon=True).start()

    def carry(self, connection):
        with connection:
            requests = connection.makefile("rb")
            while request := read_message(requests):
                self.last = request
                connection.sendall(self.deliver(request))

    def repeat(self, request):
        """Sends a recorded request once more: status and JSON of the answer."""
        head, _, body = self.deliver(request).partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def deliver(self, request):
        with socket.create_connection(self.door) as onward:
            onward.sendall(request)
            return read_message(onward.makefile("rb"))

    @contextlib.contextmanager
    def before(self, door):
        """Stands before another fake's door for a while."""
        usual, self.door = self.door, door
        try:
            yield
        finally:
            self.door = usual
