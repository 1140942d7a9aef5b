{{/* What the provider's container and that of the test have in common. */}}

{{- define "alibabacloud.image" -}}
{{- $image := (.Values.linux).image | default dict -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default (printf "v%s" .Chart.AppVersion) $image.tag }}
{{- end -}}
{{- end -}}

{{- define "alibabacloud.securityContext" -}}
# The folder of sockets is root's, and so is the driver: no other user may connect.
runAsUser: 0
runAsGroup: 0
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- with (.Values.linux).seLinuxOptions }}
seLinuxOptions:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Flags that say which cloud, and how to call it. */}}
{{- define "alibabacloud.cloudArgs" -}}
{{- with .Values.regionId }}
- {{ printf "--region=%s" . | quote }}
{{- end }}
{{- with .Values.network }}
- {{ printf "--network=%s" . | quote }}
{{- end }}
{{- range $service, $endpoint := .Values.endpoints }}
{{- with $endpoint }}
- {{ printf "--%s-endpoint=%s" $service . | quote }}
{{- end }}
{{- end }}
{{- range .Values.allowedEndpoints }}
- {{ printf "--allowed-endpoint=%s" . | quote }}
{{- end }}
{{- with .Values.signature }}
- {{ printf "--signature=%s" . | quote }}
{{- end }}
{{- with .Values.maxConcurrentKmsSecretPulls }}
- {{ printf "--max-concurrent-kms-secret-pulls=%s" (include "alibabacloud.number" .) | quote }}
{{- end }}
{{- with .Values.maxConcurrentOosSecretPulls }}
- {{ printf "--max-concurrent-oos-secret-pulls=%s" (include "alibabacloud.number" .) | quote }}
{{- end }}
{{- range $index, $bundle := .Values.caBundles }}
- {{ printf "--ca-file=%s=/etc/csi-secrets-store-provider-alibabacloud/ca/%d/ca.pem" $bundle.hostSuffix $index | quote }}
{{- end }}
{{- with .Values.ecsRamRole }}
- {{ printf "--ecs-ram-role=%s" . | quote }}
{{- end }}
{{- if (.Values.podIdentity).fallback }}
- --pod-identity-fallback
{{- end }}
{{- if (.Values.podIdentity).preferNodePublishSecret }}
- --prefer-node-publish-secret
{{- end }}
{{- end -}}

{{/* Flags of serving. */}}
{{- define "alibabacloud.serveArgs" -}}
{{- $driver := include "alibabacloud.driver" . | fromJson -}}
- --provider-volume=/provider
{{- with .Values.logVerbosity }}
- {{ printf "-v=%s" (include "alibabacloud.number" .) | quote }}
{{- end }}
{{- if .Values.logFormatJSON }}
- --log-format=json
{{- end }}
- {{ printf "--healthz-address=%s" (include "alibabacloud.healthzAddress" .) | quote }}
- {{ printf "--healthz-port=%s" (include "alibabacloud.number" .Values.linux.healthzPort) | quote }}
- {{ printf "--healthz-path=%s" .Values.linux.healthzPath | quote }}
- {{ printf "--healthz-timeout=%s" .Values.linux.healthzTimeout | quote }}
- {{ printf "--shutdown-grace-period=%ss" (sub (include "alibabacloud.gracePeriod" . | int) 5 | toString) | quote }}
{{- with $driver.rotationPollInterval }}
- {{ printf "--rotation-interval=%s" . | quote }}
{{- end }}
{{- with $driver.maxCallRecvMsgSize }}
- {{ printf "--max-response-bytes=%s" (include "alibabacloud.number" .) | quote }}
{{- end }}
{{- if not (kindIs "invalid" .Values.secretCacheBytes) }}
- {{ printf "--secret-cache-bytes=%s" (include "alibabacloud.number" .Values.secretCacheBytes) | quote }}
{{- end }}
{{- with .Values.serveStale }}
- {{ printf "--serve-stale=%s" . | quote }}
{{- end }}
{{- end -}}

{{- define "alibabacloud.gracePeriod" -}}
{{- include "alibabacloud.number" (default 30 .Values.linux.terminationGracePeriodSeconds) -}}
{{- end -}}

{{/* `true`, or nothing. A release that kept the values of the vendor's chart has no such value. */}}
{{- define "alibabacloud.hostNetwork" -}}
{{- if ne (.Values.linux).hostNetwork false }}true{{ end -}}
{{- end -}}

{{- define "alibabacloud.healthzAddress" -}}
{{- if .Values.linux.healthzAddress -}}
{{ .Values.linux.healthzAddress }}
{{- else if and (include "alibabacloud.hostNetwork" .) (not (.Values.metrics).enabled) -}}
127.0.0.1
{{- else -}}
0.0.0.0
{{- end -}}
{{- end -}}

{{/* Whom the kubelet asks: the pod's address, unless the port listens somewhere else. */}}
{{- define "alibabacloud.probeHost" -}}
{{- $address := include "alibabacloud.healthzAddress" . -}}
{{- if not (has $address (list "0.0.0.0" "::")) -}}
host: {{ $address | quote }}
{{- end -}}
{{- end -}}

{{- define "alibabacloud.env" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- range $name, $source := include "alibabacloud.entries" .Values.envVarsFromSecret | fromJson }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $source.secretKeyRef | quote }}
      key: {{ $source.key | quote }}
{{- end }}
{{- range $name, $source := include "alibabacloud.entries" .Values.filesFromSecret | fromJson }}
- name: {{ $name }}_FILE
  value: /etc/csi-secrets-store-provider-alibabacloud/credentials/{{ $name }}
{{- end }}
{{- range $name, $value := include "alibabacloud.plainVariables" . | fromJson }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Variables that have values of their own: name -> text, as JSON. */}}
{{- define "alibabacloud.plainVariables" -}}
{{- $rrsa := .Values.rrsa | default dict -}}
{{- $session := .Values.roleSession | default dict -}}
{{- $all := dict
  "ALICLOUD_ACCOUNT_ID" $rrsa.accountId
  "ALICLOUD_CLUSTER_ID" $rrsa.clusterId
  "ALICLOUD_OIDC_PROVIDER_ARN" $rrsa.oidcProviderArn
  "ALICLOUD_ROLE_ARN" $rrsa.roleArn
  "ALICLOUD_ROLE_SESSION_NAME" $session.name
  "ALICLOUD_ROLE_SESSION_EXPIRATION" $session.expirationSeconds -}}
{{- $set := dict -}}
{{- range $name, $value := $all }}
{{- if $value }}
{{- $_ := set $set $name (include "alibabacloud.number" $value) }}
{{- end }}
{{- end -}}
{{- toJson $set -}}
{{- end -}}

{{/* Those of a map of variables that name a Secret, as JSON; the vendor's chart skips the others, too. */}}
{{- define "alibabacloud.entries" -}}
{{- $entries := dict -}}
{{- range $name, $source := . }}
{{- if ($source).secretKeyRef }}
{{- $_ := set $entries $name $source }}
{{- end }}
{{- end -}}
{{- toJson $entries -}}
{{- end -}}

{{- define "alibabacloud.volumeMounts" -}}
{{- if (.Values.rrsa).enable }}
- name: csi-secrets-store-provider-alibabacloud
  mountPath: /var/run/secrets/tokens
  readOnly: true
{{- end }}
{{- if include "alibabacloud.entries" .Values.filesFromSecret | fromJson }}
- name: credentials
  mountPath: /etc/csi-secrets-store-provider-alibabacloud/credentials
  readOnly: true
{{- end }}
{{- range $index, $bundle := .Values.caBundles }}
- name: ca-{{ $index }}
  mountPath: /etc/csi-secrets-store-provider-alibabacloud/ca/{{ $index }}
  readOnly: true
{{- end }}
{{- with .Values.linux.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "alibabacloud.volumes" -}}
{{- if (.Values.rrsa).enable }}
- name: csi-secrets-store-provider-alibabacloud
  projected:
    sources:
      - serviceAccountToken:
          path: csi-secrets-store-provider-alibabacloud
          audience: sts.aliyuncs.com
          expirationSeconds: 7200
{{- end }}
{{- with include "alibabacloud.entries" .Values.filesFromSecret | fromJson }}
# One volume, so that the halves of a key pair change together.
- name: credentials
  projected:
    defaultMode: 0400
    sources:
      {{- range $name, $source := . }}
      - secret:
          name: {{ $source.secretKeyRef | quote }}
          items:
            - key: {{ $source.key | quote }}
              path: {{ $name }}
      {{- end }}
{{- end }}
{{- range $index, $bundle := .Values.caBundles }}
- name: ca-{{ $index }}
  {{- with $bundle.configMap }}
  configMap:
    name: {{ .name | quote }}
    items:
      - key: {{ .key | quote }}
        path: ca.pem
  {{- end }}
  {{- with $bundle.secret }}
  secret:
    secretName: {{ .name | quote }}
    items:
      - key: {{ .key | quote }}
        path: ca.pem
  {{- end }}
{{- end }}
{{- with .Values.linux.volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Which nodes. */}}
{{- define "alibabacloud.nodes" -}}
nodeSelector:
  kubernetes.io/os: linux
  {{- with .Values.linux.nodeSelector }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.linux.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The chart's own, else the bundled driver's, else all; as JSON. */}}
{{- define "alibabacloud.tolerations" -}}
{{- $driver := include "alibabacloud.driver" . | fromJson -}}
{{- if not (kindIs "invalid" .Values.linux.tolerations) -}}
{{ toJson .Values.linux.tolerations }}
{{- else if and $driver.install (not (kindIs "invalid" ($driver.linux).tolerations)) -}}
{{ toJson $driver.linux.tolerations }}
{{- else -}}
{{ toJson (list (dict "operator" "Exists")) }}
{{- end -}}
{{- end -}}
