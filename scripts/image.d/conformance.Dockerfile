# The suite from a static binary; the context holds it and what it reads. It starts containers and plays the kubelet, so it is
# root's.
FROM scratch
COPY conformance /conformance
COPY targets /targets
COPY deviations /deviations
WORKDIR /
USER 0:0
ENTRYPOINT ["/conformance"]
