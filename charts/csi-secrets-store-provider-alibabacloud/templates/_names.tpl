{{/* Names and labels. An in-place change from the vendor's release depends on the selector and on the fixed names. */}}

{{- define "alibabacloud.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "alibabacloud.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Trust policies name it in oidc:sub, so it depends on no value. */}}
{{- define "alibabacloud.serviceAccount" -}}
csi-secrets-store-provider-alibabacloud
{{- end -}}

{{- define "alibabacloud.selector" -}}
app: {{ include "alibabacloud.name" . }}
{{- end -}}

{{- define "alibabacloud.labels" -}}
{{ include "alibabacloud.selector" . }}
app.kubernetes.io/name: {{ include "alibabacloud.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end -}}

{{/* Of what the tests leave behind. Without the label app, since the DaemonSet's selector is nothing but that. */}}
{{- define "alibabacloud.testLabels" -}}
app.kubernetes.io/name: {{ include "alibabacloud.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end -}}

{{- define "alibabacloud.testName" -}}
{{- include "alibabacloud.fullname" . | trunc 52 | trimSuffix "-" }}-test
{{- end -}}

{{/* Values of the driver's chart, its own defaults included where it is a part of this one. */}}
{{- define "alibabacloud.driver" -}}
{{- index .Values "secrets-store-csi-driver" | default dict | toJson -}}
{{- end -}}

{{/* A number without exponent, whether it comes from a file, where it is a float, or from --set. */}}
{{- define "alibabacloud.number" -}}
{{- if kindIs "float64" . }}{{ printf "%.0f" . }}{{ else }}{{ . }}{{ end -}}
{{- end -}}
