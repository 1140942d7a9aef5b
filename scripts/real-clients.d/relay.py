"""Relays one connection to the provider's socket and prints the first :authority that the client sends.

usage: relay.py LISTEN CONNECT
"""

import contextlib
import socket
import sys
import threading

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS = 0x1
END_HEADERS, PADDED, PRIORITY = 0x4, 0x8, 0x20


def first_authority(sent):
    """The authority in the first request, or None as long as that is not complete."""
    rest = sent[len(PREFACE):]
    while len(rest) >= 9:
        length, kind, flags = int.from_bytes(rest[:3]), rest[3], rest[4]
        payload, rest = rest[9:9 + length], rest[9 + length:]
        if kind != HEADERS:
            continue
        if len(payload) < length:
            return None
        assert flags & END_HEADERS and not flags & PADDED, "a simple request was expected"
        block = payload[5:] if flags & PRIORITY else payload
        return dict(hpack.Decoder().decode(block)).get(":authority", "(none)")
    return None


def copy(source, target):
    # Either side may hang up while the other still says goodbye.
    with contextlib.suppress(OSError):
        while octets := source.recv(65536):
            yield octets
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)


def drain(octets):
    for _ in octets:
        pass


def main(listen, connect):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as server:
        listener.bind(listen)
        listener.listen()
        client, _ = listener.accept()
        server.connect(connect)
        threading.Thread(target=drain, args=(copy(server, client),), daemon=True).start()
        sent, authority = b"", None
        for octets in copy(client, server):
            if authority is None:
                sent += octets
                authority = first_authority(sent)
    print(authority)


main(*sys.argv[1:])
