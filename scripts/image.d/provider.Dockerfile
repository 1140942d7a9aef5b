# The provider from a static binary; the context holds nothing else. Root, because the folder of provider sockets is root's.
FROM scratch
COPY csi-secrets-store-provider-alibabacloud /csi-secrets-store-provider-alibabacloud
USER 0:0
ENTRYPOINT ["/csi-secrets-store-provider-alibabacloud"]
