# The fake cloud from a static binary; the context holds it and the licences.
FROM scratch
COPY fake-alicloud /fake-alicloud
COPY licenses /licenses
LABEL org.opencontainers.image.title="fake-alicloud"
LABEL org.opencontainers.image.description="A fake of Alibaba Cloud's KMS, OOS, STS, RAM, IMS and instance metadata for tests"
LABEL org.opencontainers.image.licenses="Apache-2.0"
USER 65534:65534
ENTRYPOINT ["/fake-alicloud"]
