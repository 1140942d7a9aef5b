# The provider from a static binary; the context holds it and the licences. Root, because the folder of provider sockets is root's.
FROM scratch
COPY csi-secrets-store-provider-alibabacloud /csi-secrets-store-provider-alibabacloud
COPY licenses /licenses
LABEL org.opencontainers.image.title="csi-secrets-store-provider-alibabacloud"
LABEL org.opencontainers.image.description="Secrets of Alibaba Cloud KMS and OOS for the Secrets Store CSI Driver"
LABEL org.opencontainers.image.licenses="Apache-2.0"
USER 0:0
ENTRYPOINT ["/csi-secrets-store-provider-alibabacloud"]
