{{/*
What a schema cannot say: rules between values, and those that the cluster's version decides. A list of sentences, as JSON.
*/}}
{{- define "alibabacloud.mistakes" -}}
{{- $found := list -}}
{{- $driver := include "alibabacloud.driver" . | fromJson -}}
{{- $linux := .Values.linux | default dict -}}
{{- $rrsa := .Values.rrsa | default dict -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- $duration := "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$" -}}
{{- $endpoint := "^(https?://)?(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9.-]+)(:[0-9]+)?/?$" -}}

{{- /* Versions. */ -}}
{{- if and $driver.install (semverCompare "<1.30.0-0" $version) -}}
{{- $found = append $found (printf "secrets-store-csi-driver.install: the bundled driver 1.6.0 needs Kubernetes 1.30, and this is %s; install a driver that fits, and set secrets-store-csi-driver.install=false" $version) -}}
{{- end -}}
{{- if and $rrsa.enable (semverCompare "<1.22.0-0" $version) -}}
{{- $found = append $found (printf "rrsa.enable: RRSA needs Kubernetes 1.22, and this is %s; use a key pair (envVarsFromSecret or filesFromSecret) or the node's role" $version) -}}
{{- end -}}

{{- /* The region, and the vendor's placeholder for it. */ -}}
{{- if contains "__ACK_REGION_ID__" (toString .Values.regionId) -}}
{{- $found = append $found "regionId: __ACK_REGION_ID__ is a placeholder of the vendor's console; set a region such as cn-hangzhou, or leave it empty for the node's" -}}
{{- else if not (regexMatch "^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$" (toString (default "" .Values.regionId))) -}}
{{- $found = append $found (printf "regionId: %q is no region id, expected lower-case letters, digits and hyphens such as cn-hangzhou, or nothing for the node's region" (toString .Values.regionId)) -}}
{{- end -}}
{{- $images := dict "linux.image" $linux.image -}}
{{- if $driver.install -}}
{{- range $name := list "image" "registrarImage" "livenessProbeImage" -}}
{{- $_ := set $images (printf "secrets-store-csi-driver.linux.%s" $name) (index ($driver.linux | default dict) $name) -}}
{{- end -}}
{{- $_ := set $images "secrets-store-csi-driver.linux.crds.image" (($driver.linux).crds).image -}}
{{- end -}}
{{- range $name, $image := $images -}}
{{- if contains "__ACK_REGION_ID__" (toString ($image).repository) -}}
{{- $found = append $found (printf "%s.repository: __ACK_REGION_ID__ is a placeholder of the vendor's console; write the region, as in registry.cn-hangzhou.aliyuncs.com" $name) -}}
{{- end -}}
{{- end -}}

{{- /* The image. */ -}}
{{- if $linux.enabled -}}
{{- if not ($linux.image).repository -}}
{{- $found = append $found "linux.image.repository: this copy of the chart was published without an image; name the one to run, such as registry.example.com/csi-secrets-store-provider-alibabacloud" -}}
{{- else if hasSuffix "/secrets-store-csi-driver-provider-alibaba-cloud" ($linux.image).repository -}}
{{- $found = append $found (printf "linux.image.repository: %s is the vendor's image, which does not know this chart's flags; name this provider's, and take linux.image.tag out of values that were made for the vendor's chart (helm upgrade --reset-then-reuse-values keeps the others)" ($linux.image).repository) -}}
{{- end -}}
{{- if and ($linux.image).digest (not (regexMatch "^sha256:[0-9a-f]{64}$" ($linux.image).digest)) -}}
{{- $found = append $found (printf "linux.image.digest: %q is no digest, expected sha256: and 64 hexadecimal digits" ($linux.image).digest) -}}
{{- end -}}
{{- end -}}

{{- /* Who reads. */ -}}
{{- $env := include "alibabacloud.entries" .Values.envVarsFromSecret | fromJson -}}
{{- $files := include "alibabacloud.entries" .Values.filesFromSecret | fromJson -}}
{{- $plain := include "alibabacloud.plainVariables" . | fromJson -}}
{{- $origin := dict "ALICLOUD_ACCOUNT_ID" "rrsa.accountId" "ALICLOUD_CLUSTER_ID" "rrsa.clusterId" "ALICLOUD_OIDC_PROVIDER_ARN" "rrsa.oidcProviderArn" "ALICLOUD_ROLE_ARN" "rrsa.roleArn" "ALICLOUD_ROLE_SESSION_NAME" "roleSession.name" "ALICLOUD_ROLE_SESSION_EXPIRATION" "roleSession.expirationSeconds" -}}
{{- range $map, $entries := dict "envVarsFromSecret" $env "filesFromSecret" $files -}}
{{- range $name, $source := $entries -}}
{{- if not $source.key -}}
{{- $found = append $found (printf "%s.%s.key: missing; name the key of Secret %s" $map $name $source.secretKeyRef) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $source := $env -}}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) -}}
{{- $found = append $found (printf "envVarsFromSecret.%s: no name of a variable, expected letters, digits and underscores" $name) -}}
{{- end -}}
{{- end -}}
{{- $readable := list "ACCESS_KEY_ID" "SECRET_ACCESS_KEY" "ALICLOUD_ROLE_ARN" "ALICLOUD_OIDC_PROVIDER_ARN" "ALICLOUD_ACCOUNT_ID" "ALICLOUD_CLUSTER_ID" "ALICLOUD_ROLE_SESSION_NAME" "ALICLOUD_ROLE_SESSION_EXPIRATION" "ALICLOUD_CROSS_ACCOUNT_EXTERNAL_ID" -}}
{{- range $name, $source := $files -}}
{{- if not (has $name $readable) -}}
{{- $found = append $found (printf "filesFromSecret.%s: the provider reads no such file, expected one of %s" $name (join ", " $readable)) -}}
{{- end -}}
{{- if hasKey $env $name -}}
{{- $found = append $found (printf "filesFromSecret.%s: it is in envVarsFromSecret, too; keep one of the two" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $plain -}}
{{- range $map, $entries := dict "envVarsFromSecret" $env "filesFromSecret" $files -}}
{{- if hasKey $entries $name -}}
{{- $found = append $found (printf "%s: %s.%s sets the same; keep one of the two" (get $origin $name) $map $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $rrsa.accountId (not $rrsa.clusterId) -}}
{{- $found = append $found "rrsa.clusterId: missing, and rrsa.accountId is set; set both, or rrsa.oidcProviderArn, or neither" -}}
{{- end -}}
{{- if and $rrsa.clusterId (not $rrsa.accountId) -}}
{{- $found = append $found "rrsa.accountId: missing, and rrsa.clusterId is set; set both, or rrsa.oidcProviderArn, or neither" -}}
{{- end -}}
{{- if and $rrsa.accountId (not (regexMatch "^[0-9]+$" (include "alibabacloud.number" $rrsa.accountId))) -}}
{{- $found = append $found (printf "rrsa.accountId: %q is no account id, expected digits such as \"1234567890123456\"" (toString $rrsa.accountId)) -}}
{{- end -}}
{{- if and $rrsa.clusterId (not (regexMatch "^[A-Za-z0-9_-]+$" (toString $rrsa.clusterId))) -}}
{{- $found = append $found (printf "rrsa.clusterId: %q is no cluster id, expected letters and digits such as c0123456789abcdef" (toString $rrsa.clusterId)) -}}
{{- end -}}
{{- if and $rrsa.oidcProviderArn (not (regexMatch "^acs:ram::[0-9]+:oidc-provider/[^/]+$" $rrsa.oidcProviderArn)) -}}
{{- $found = append $found (printf "rrsa.oidcProviderArn: %q is no ARN of an OIDC provider, expected acs:ram::<account>:oidc-provider/<name>" $rrsa.oidcProviderArn) -}}
{{- end -}}
{{- if and $rrsa.roleArn (not (regexMatch "^acs:ram::[0-9]+:role/[^/]+$" $rrsa.roleArn)) -}}
{{- $found = append $found (printf "rrsa.roleArn: %q is no ARN of a role, expected acs:ram::<account>:role/<name>" $rrsa.roleArn) -}}
{{- end -}}
{{- $hasRole := or $rrsa.roleArn (hasKey $env "ALICLOUD_ROLE_ARN") (hasKey $files "ALICLOUD_ROLE_ARN") -}}
{{- $hasKeys := or (hasKey $env "ACCESS_KEY_ID") (hasKey $files "ACCESS_KEY_ID") -}}
{{- $knowsProvider := or $rrsa.accountId $rrsa.oidcProviderArn (hasKey $env "ALICLOUD_OIDC_PROVIDER_ARN") (hasKey $files "ALICLOUD_OIDC_PROVIDER_ARN") (hasKey $env "ALICLOUD_ACCOUNT_ID") (hasKey $files "ALICLOUD_ACCOUNT_ID") -}}
{{- $hasToken := or $rrsa.enable (hasKey $env "ALICLOUD_OIDC_TOKEN_FILE") -}}
{{- range .Values.extraEnv -}}
{{- $hasToken = or $hasToken (eq .name "ALICLOUD_OIDC_TOKEN_FILE") -}}
{{- end -}}
{{- range $linux.volumeMounts -}}
{{- $hasToken = or $hasToken (eq .mountPath "/var/run/secrets/tokens") -}}
{{- end -}}
{{- if and $hasRole $knowsProvider (not $hasToken) -}}
{{- $found = append $found "rrsa.enable: false, but a role and an OIDC provider are set, and such a role is assumed with the provider's own token; set it to true, or leave out one of the two" -}}
{{- else if and $rrsa.roleArn (not $knowsProvider) (not $hasKeys) -}}
{{- $found = append $found "rrsa.roleArn: a role needs something to assume it with; set rrsa.enable=true and rrsa.accountId with rrsa.clusterId (or rrsa.oidcProviderArn), or a key pair" -}}
{{- end -}}
{{- with (.Values.roleSession).name -}}
{{- $literal := . | replace "{namespace}" "xx" | replace "{serviceAccount}" "xx" | replace "{node}" "xx" -}}
{{- $longest := ternary 64 200 (eq $literal .) -}}
{{- if or (not (regexMatch "^[A-Za-z0-9.@_-]{2,}$" $literal)) (gt (len .) $longest) -}}
{{- $found = append $found (printf "roleSession.name: %q is no name of a session, expected 2 to 64 letters, digits and characters of '.', '@', '-' and '_', and the placeholders {namespace}, {serviceAccount} and {node}" .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.ecsRamRole (not (regexMatch "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$" .Values.ecsRamRole)) -}}
{{- $found = append $found (printf "ecsRamRole: %q is no name of a role, expected what the console shows as the instance's RAM role, such as KubernetesWorkerRole-1" .Values.ecsRamRole) -}}
{{- end -}}
{{- $owners := dict "NODE_NAME" "the chart" -}}
{{- range $map, $entries := dict "envVarsFromSecret" $env "filesFromSecret" $files -}}
{{- range $name, $source := $entries -}}
{{- $_ := set $owners $name (printf "%s.%s" $map $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $plain -}}
{{- $_ := set $owners $name (get $origin $name) -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if hasKey $owners .name -}}
{{- $found = append $found (printf "extraEnv.%s: %s sets the same; keep one of the two" .name (get $owners .name)) -}}
{{- end -}}
{{- end -}}
{{- with (.Values.roleSession).expirationSeconds -}}
{{- if or (lt (int .) 900) (gt (int .) 43200) -}}
{{- $found = append $found (printf "roleSession.expirationSeconds: %d, expected 900 to 43200, or 0 for the cloud's default" (int .)) -}}
{{- end -}}
{{- end -}}

{{- /* Durations and endpoints. */ -}}
{{- $durations := dict "linux.healthzTimeout" $linux.healthzTimeout "serveStale" .Values.serveStale "secrets-store-csi-driver.rotationPollInterval" $driver.rotationPollInterval -}}
{{- $usual := dict "linux.healthzTimeout" "5s" "serveStale" "10m, or nothing" "secrets-store-csi-driver.rotationPollInterval" "2m" -}}
{{- range $name, $value := $durations -}}
{{- if and $value (not (regexMatch $duration (toString $value))) -}}
{{- $found = append $found (printf "%s: %q is no duration, expected such as 5s, 2m or 1h30m" $name (toString $value)) -}}
{{- else if and $value (not (regexMatch "[1-9]" (toString $value))) -}}
{{- $found = append $found (printf "%s: %q is no time, expected such as %s" $name (toString $value) (get $usual $name)) -}}
{{- end -}}
{{- end -}}
{{- range $service, $value := .Values.endpoints -}}
{{- if and $value (not (regexMatch $endpoint $value)) -}}
{{- $found = append $found (printf "endpoints.%s: %q is no endpoint, expected a host such as kms.cn-hangzhou.aliyuncs.com, or https://host[:port] without a path" $service $value) -}}
{{- end -}}
{{- end -}}
{{- range .Values.allowedEndpoints -}}
{{- if not (regexMatch $endpoint .) -}}
{{- $found = append $found (printf "allowedEndpoints: %q is no endpoint, expected a host such as kms.cn-hangzhou.aliyuncs.com, or https://host[:port] without a path" .) -}}
{{- end -}}
{{- end -}}
{{- if and (eq (toString .Values.signature) "v1") (not (.Values.endpoints).kms) -}}
{{- $found = append $found "signature: v1 does not sign the host, so it needs endpoints.kms" -}}
{{- end -}}

{{- /* Authorities. */ -}}
{{- $suffixes := list -}}
{{- range $index, $bundle := .Values.caBundles -}}
{{- if eq (empty $bundle.configMap) (empty $bundle.secret) -}}
{{- $found = append $found (printf "caBundles[%d]: expected one of configMap and secret" $index) -}}
{{- end -}}
{{- if has $bundle.hostSuffix $suffixes -}}
{{- $found = append $found (printf "caBundles[%d].hostSuffix: %s is there twice; put its certificates into one bundle" $index $bundle.hostSuffix) -}}
{{- end -}}
{{- $suffixes = append $suffixes $bundle.hostSuffix -}}
{{- end -}}

{{- /* The pods. */ -}}
{{- $folders := concat (list ($driver.linux).providersDir) (($driver.linux).additionalProvidersDirs | default (list "/etc/kubernetes/secrets-store-csi-providers")) | compact -}}
{{- if and $driver.install $linux.enabled (not (has $linux.providersDir $folders)) -}}
{{- $found = append $found (printf "linux.providersDir: the driver does not look into %s; name one of %s, or add it to secrets-store-csi-driver.linux.additionalProvidersDirs" (toString $linux.providersDir) (join ", " $folders)) -}}
{{- end -}}
{{- $surge := toString ((($linux.updateStrategy).rollingUpdate).maxSurge | default "0") -}}
{{- if and (include "alibabacloud.hostNetwork" .) (not (has $surge (list "0" "0%"))) -}}
{{- $found = append $found "linux.updateStrategy.rollingUpdate.maxSurge: two pods cannot share the health port of a node; set linux.hostNetwork=false, or leave maxSurge out" -}}
{{- end -}}
{{- if and (not (has $surge (list "0" "0%"))) (semverCompare "<1.22.0-0" $version) -}}
{{- $found = append $found (printf "linux.updateStrategy.rollingUpdate.maxSurge: DaemonSets have it since Kubernetes 1.22, and this is %s; leave it out" $version) -}}
{{- end -}}
{{- $unavailable := "1" -}}
{{- if not (kindIs "invalid" (($linux.updateStrategy).rollingUpdate).maxUnavailable) -}}
{{- $unavailable = toString (($linux.updateStrategy).rollingUpdate).maxUnavailable -}}
{{- end -}}
{{- $isSurge := not (has $surge (list "0" "0%")) -}}
{{- $isGap := not (has $unavailable (list "0" "0%")) -}}
{{- if eq (toString (default "RollingUpdate" ($linux.updateStrategy).type)) "RollingUpdate" -}}
{{- if and $isSurge $isGap -}}
{{- $found = append $found (printf "linux.updateStrategy.rollingUpdate: maxSurge %s and maxUnavailable %s exclude each other, set one of them to 0" $surge $unavailable) -}}
{{- else if not (or $isSurge $isGap) -}}
{{- $found = append $found "linux.updateStrategy.rollingUpdate: maxUnavailable is 0, and so is maxSurge, so that nothing could be updated; set one of them to 1" -}}
{{- end -}}
{{- end -}}
{{- if and $linux.healthzAddress (not (regexMatch "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$" $linux.healthzAddress)) -}}
{{- $found = append $found (printf "linux.healthzAddress: %q is no address, expected such as 127.0.0.1, 0.0.0.0 or \"::\", or nothing" $linux.healthzAddress) -}}
{{- end -}}
{{- $own := include "alibabacloud.labels" . | fromYaml -}}
{{- range $map, $labels := dict "linux.podLabels" $linux.podLabels "metrics.podMonitor.labels" ((.Values.metrics).podMonitor).labels -}}
{{- range $name, $value := $labels -}}
{{- if hasKey $own $name -}}
{{- $found = append $found (printf "%s.%s: the chart sets this label; choose another name" $map $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $linux.enabled -}}
{{- $flags := list -}}
{{- range concat (include "alibabacloud.serveArgs" . | fromYamlArray) (include "alibabacloud.cloudArgs" . | fromYamlArray) -}}
{{- $flags = append $flags (regexFind "^[^=]+" .) -}}
{{- end -}}
{{- range .Values.extraArgs -}}
{{- $flag := regexFind "^[^=]+" . -}}
{{- if and (has $flag $flags) (not (has $flag (list "--allowed-endpoint" "--ca-file"))) -}}
{{- $found = append $found (printf "extraArgs: %s sets a flag that the chart sets; use the chart's value for it" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not (.Values.metrics).enabled) (or ((.Values.metrics).service).enabled ((.Values.metrics).podMonitor).enabled) -}}
{{- $found = append $found "metrics.enabled: false, but metrics.service or metrics.podMonitor is to be installed; set it to true" -}}
{{- end -}}
{{- if has $linux.healthzPath (list "/readyz" "/metrics") -}}
{{- $found = append $found (printf "linux.healthzPath: %s has another meaning; choose a path such as /healthz" $linux.healthzPath) -}}
{{- end -}}

{{- toJson $found -}}
{{- end -}}
