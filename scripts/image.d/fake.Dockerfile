# The fake cloud from a static binary; the context holds nothing else.
FROM scratch
COPY fake-alicloud /fake-alicloud
USER 65534:65534
ENTRYPOINT ["/fake-alicloud"]
