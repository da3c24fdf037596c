{{- /* What the hub reads and what the chart refuses. */}}

{{- /* The path below which everything is served; begins and ends with a slash. */}}
{{- define "swish.base-url" -}}
{{- printf "/%s/" (trimAll "/" .Values.hub.baseUrl) | replace "//" "/" -}}
{{- end }}

{{- /*
config.yaml: plain data for hub_config/jupyterhub_config.py. The tag is resolved here, so that the hub needs no
knowledge of the chart's version.
*/}}
{{- define "swish.hub.config" -}}
{{- $resolved := dict "tag" (.Values.images.tag | default .Chart.AppVersion) "registry" (trimSuffix "/" .Values.images.registry) -}}
{{- $images := merge $resolved .Values.images -}}
{{- toYaml (dict
  "images" $images
  "imagePullSecrets" .Values.imagePullSecrets
  "environments" (dict "namespace" .Release.Namespace)
  "urls" (dict "base" (include "swish.base-url" .) "hub" (include "swish.hub.url" .) "proxyApi" (include "swish.proxy-api.url" .))
  "web" (dict "service" "swish" "url" (include "swish.web.url" .))
  "ssh" (dict "gatewayPort" (include "swish.ssh-gateway.port" . | int))
  "sweeper" .Values.sweeper
  "hubConfig" .Values.hub.config
  "hubConfigFromSecret" .Values.hub.configFromSecret
) -}}
{{- end }}

{{- /* As text it is kept as it is written: Helm sorts a mapping, and the first image, pool and team are the usual ones. */}}
{{- define "swish.policy" -}}
{{- if and .Values.policy (kindIs "string" .Values.policy) -}}
{{- with (fromYaml .Values.policy).Error }}{{ fail (printf "policy: is no YAML mapping: %s" .) }}{{ end -}}
{{ .Values.policy }}
{{- else if .Values.policy -}}
{{ toYaml .Values.policy }}
{{- else -}}
{{ .Files.Get "files/policy.yaml" }}
{{- end -}}
{{- end }}

{{- /* Refuse what must not run in production. Included by the hub's Deployment. */}}
{{- define "swish.check" -}}
{{- if .Values.production -}}
{{- $class := dig "JupyterHub" "authenticator_class" "" .Values.hub.config | default "" | toString -}}
{{- if or (empty $class) (regexMatch "(?i)shared|dummy|null" $class) -}}
{{- fail (printf "production: hub.config.JupyterHub.authenticator_class is %q. production: true needs an authenticator that tells people apart, for example generic-oauth, github or google: see chart/examples/production.yaml." $class) -}}
{{- end -}}
{{- if dig "JupyterHub" "load_groups" nil .Values.hub.config -}}
{{- fail "production: hub.config.JupyterHub.load_groups is set, by default to the two demo teams. With production: true, groups come from the authenticator (manage_groups: true): set load_groups to null." -}}
{{- end -}}
{{- if (include "swish.ssh" . | fromYaml).password -}}
{{- fail "production: policy.ssh.password is true. With production: true people enter environments with keys or certificates, not with passwords: set it to false." -}}
{{- end -}}
{{- end -}}
{{- end }}
