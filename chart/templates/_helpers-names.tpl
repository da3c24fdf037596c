{{- /*
Every name and label in this chart comes from here: a template that spells one itself fails a test.

Names are fixed, not derived from the release: one Swish in a namespace, and people and scripts can
rely on `hub`, `proxy-public` and the rest.
*/}}

{{- define "swish.hub.name" -}} hub {{- end }}
{{- /* Of objects that no namespace holds, so that two releases have two. */}}
{{- define "swish.hub.cluster.name" -}} {{ .Release.Namespace }}-hub {{- end }}
{{- /* What hubs of every kind of installation look for. */}}
{{- define "swish.hub.lease.name" -}} swish-hub {{- end }}
{{- define "swish.hub.pvc.name" -}} hub-db {{- end }}
{{- define "swish.policy.name" -}} policy {{- end }}
{{- define "swish.proxy.name" -}} proxy {{- end }}
{{- define "swish.proxy-public.name" -}} proxy-public {{- end }}
{{- define "swish.proxy-api.name" -}} proxy-api {{- end }}
{{- define "swish.environments.name" -}} environments {{- end }}
{{- define "swish.environments-ssh.name" -}} environments-ssh {{- end }}
{{- define "swish.team.name" -}} team {{- end }}
{{- define "swish.web.name" -}} web {{- end }}
{{- define "swish.web.pvc.name" -}} web-data {{- end }}
{{- define "swish.ssh-gateway.name" -}} ssh-gateway {{- end }}
{{- /* Of one of the 16 Secrets with people's public keys. Takes its hexadecimal digit. */}}
{{- define "swish.ssh-keys.name" -}} ssh-keys-{{ . }} {{- end }}
{{- define "swish.dashboards.name" -}} swish-dashboards {{- end }}
{{- define "swish.rules.name" -}} swish {{- end }}

{{- /* The Secret in force: the one of the chart, or the one that somebody else made. */}}
{{- define "swish.secret.name" -}}
{{ .Values.existingSecret | default (include "swish.hub.name" .) }}
{{- end }}

{{- /* The claim in force for the hub's database. */}}
{{- define "swish.hub.claim.name" -}}
{{ .Values.hub.db.pvc.existingClaim | default (include "swish.hub.pvc.name" .) }}
{{- end }}

{{- /* The claim in force for what the web service writes. */}}
{{- define "swish.web.claim.name" -}}
{{ .Values.web.pvc.existingClaim | default (include "swish.web.pvc.name" .) }}
{{- end }}

{{- /* The gateway's Secret in force: the one of the chart, or the one that somebody else made. */}}
{{- define "swish.ssh-gateway.secret.name" -}}
{{ .Values.gateway.existingSecret | default (include "swish.ssh-gateway.name" .) }}
{{- end }}

{{- /* Addresses inside the cluster; with the namespace, so that environments elsewhere resolve them too. */}}
{{- define "swish.hub.url" -}}
http://{{ include "swish.hub.name" . }}.{{ .Release.Namespace }}.svc:8081
{{- end }}
{{- define "swish.proxy-api.url" -}}
http://{{ include "swish.proxy-api.name" . }}.{{ .Release.Namespace }}.svc:8001
{{- end }}
{{- define "swish.web.url" -}}
http://{{ include "swish.web.name" . }}.{{ .Release.Namespace }}.svc:8082
{{- end }}
{{- /* The path of the web service: JupyterHub makes it from the service's name. */}}
{{- define "swish.web.prefix" -}}
{{ include "swish.base-url" . }}services/swish/
{{- end }}

{{- /* Labels that select pods: never change them, a Deployment's selector is immutable. Takes (list $ component). */}}
{{- define "swish.match-labels" -}}
app.kubernetes.io/name: {{ (index . 0).Chart.Name }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- /* Labels of every object. Takes (list $ component). */}}
{{- define "swish.labels" -}}
{{ include "swish.match-labels" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* What selects every environment's pod. KubeSpawner sets it and no user option can change it. */}}
{{- define "swish.environments.match-labels" -}}
component: singleuser-server
{{- end }}

{{- /* The reference of one of our images. Takes (list $ name). The hub resolves policy images by the same rule. */}}
{{- define "swish.image" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $images := $root.Values.images -}}
{{- $registry := ternary "" (printf "%s/" (trimSuffix "/" $images.registry)) (empty $images.registry) -}}
{{- get $images.references $name | default (printf "%s%s:%s" $registry $name ($images.tag | default $root.Chart.AppVersion)) -}}
{{- end }}

{{- /* Monitoring of our own, where a cluster has none. */}}
{{- define "swish.prometheus.name" -}} prometheus {{- end }}
{{- define "swish.prometheus.cluster.name" -}} {{ .Release.Namespace }}-prometheus {{- end }}
{{- define "swish.alertmanager.name" -}} alertmanager {{- end }}
{{- define "swish.kube-state-metrics.name" -}} kube-state-metrics {{- end }}
{{- /* The Secret with Alertmanager's configuration, if somebody made one; else the chart's ConfigMap is mounted. */}}
{{- define "swish.alertmanager.secret.name" -}}
{{ .Values.monitoring.stack.alertmanager.existingSecret }}
{{- end }}
