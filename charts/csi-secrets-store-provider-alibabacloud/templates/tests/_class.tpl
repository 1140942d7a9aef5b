{{/*
The spec of the tests' class. Without test.objects it names a secret that nobody has: the cloud's answer to it shows that the provider has
a region, an identity, and a way to the cloud, and its sentence tells which value to set.
*/}}
{{- define "alibabacloud.testSpec" -}}
{{- $objects := default (list (dict "objectName" "set-the-chart-value-test.objects")) (.Values.test).objects -}}
{{- $parameters := merge (dict "objects" (toYaml $objects)) ((.Values.test).parameters | default dict) -}}
spec:
  provider: alibabacloud
  parameters:
    {{- range $name, $value := $parameters }}
    {{ $name }}: {{ toString $value | quote }}
    {{- end }}
{{- end -}}
