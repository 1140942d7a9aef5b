"""Calls the provider with grpcio, which sends the percent-encoded path of the socket as :authority.

usage: client.py SOCKET CONNECTIONS CALLS_PER_CONNECTION, with the expected file content in CONTENT
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
import service_pb2
import service_pb2_grpc

ATTRIBUTES = {
    "csi.storage.k8s.io/ephemeral": "true",
    "csi.storage.k8s.io/pod.name": "web-0",
    "csi.storage.k8s.io/pod.namespace": "shop",
    "csi.storage.k8s.io/pod.uid": "6f1c2b9e-0d4e-4a39-9a53-0c1d5ad1b7aa",
    "csi.storage.k8s.io/serviceAccount.name": "default",
    "objects": "- objectName: greeting\n  objectType: kms\n",
    "secretProviderClass": "greetings",
}
SECONDS = 30


def version(provider):
    request = service_pb2.VersionRequest(version="v1alpha1")
    answer = provider.Version(request, timeout=SECONDS, wait_for_ready=True)
    assert answer.version == "v1alpha1", answer


def mount(provider):
    request = service_pb2.MountRequest(
        attributes=json.dumps(ATTRIBUTES),
        secrets="null",
        target_path="/var/lib/kubelet/pods/6f1c2b9e/volumes/kubernetes.io~csi/secrets/mount",
        permission="420",
    )
    answer = provider.Mount(request, timeout=SECONDS, wait_for_ready=True)
    files = [(file.path, file.mode, file.contents.decode()) for file in answer.files]
    assert files == [("greeting", 0o644, os.environ["CONTENT"])], files
    assert len(answer.object_version) == 1, answer.object_version


def use_connection(socket, calls):
    # Without its own pool, a channel would share the connection of another one to the same socket.
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"unix:{socket}", options=options) as channel:
        provider = service_pb2_grpc.CSIDriverProviderStub(channel)
        # One after the other, then all at once.
        alone = calls // 2
        for number in range(alone):
            (version, mount)[number % 2](provider)
        with ThreadPoolExecutor(8) as pool:
            rest = [pool.submit((version, mount)[number % 2], provider) for number in range(alone, calls)]
            for call in rest:
                call.result()


def main(socket, connections, calls):
    with ThreadPoolExecutor(connections) as pool:
        for used in [pool.submit(use_connection, socket, calls) for _ in range(connections)]:
            used.result()
    print(f"grpcio {grpc.__version__}: {connections * calls} calls on {connections} connections, all answered")


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
