# The suite from a static binary; the context holds it, what it reads and the licences. It starts containers and plays the kubelet,
# so it is root's.
FROM scratch
COPY conformance /conformance
COPY licenses /licenses
COPY targets /targets
COPY deviations /deviations
LABEL org.opencontainers.image.title="conformance"
LABEL org.opencontainers.image.description="Judges providers of the Secrets Store CSI Driver for Alibaba Cloud"
LABEL org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /
USER 0:0
ENTRYPOINT ["/conformance"]
