{{- /* Entering environments by ssh: what the policy says of it, and where it matters. */}}

{{- /* As YAML, the policy's ssh section with the defaults of what the chart reads; false unless it is enabled. */}}
{{- define "swish.ssh" -}}
{{- $given := (include "swish.policy" . | fromYaml).ssh | default dict -}}
{{- $defaults := dict "enabled" false "ttl" 60 "allow_cidrs" list "gateway" "" "gateway_cidrs" list "github" false "password" false -}}
{{- merge (dict) $given $defaults | toYaml -}}
{{- end }}

{{- /* "true" where the shared gateway runs, else nothing. */}}
{{- define "swish.ssh-gateway.on" -}}
{{- $ssh := include "swish.ssh" . | fromYaml -}}
{{- if and $ssh.enabled $ssh.gateway -}} true {{- end -}}
{{- end }}

{{- /* The port that people type: the nodes', where the Service has no address of its own. */}}
{{- define "swish.ssh-gateway.port" -}}
{{- $service := .Values.gateway.service -}}
{{- if and (eq $service.type "NodePort") (include "swish.ssh-gateway.on" .) -}}
{{- required "gateway.service.nodePort: people are shown the port of a NodePort, so it has to be chosen here" $service.nodePort -}}
{{- else -}}
{{ $service.port }}
{{- end -}}
{{- end }}

{{- /*
settings.json of the gateway's sshd. Addresses are checked there again, so that they hold where the network plugin does
not enforce NetworkPolicies; nobody comes from another gateway.
*/}}
{{- define "swish.ssh-gateway.settings" -}}
{{- $ssh := include "swish.ssh" . | fromYaml -}}
{{- dict
  "mode" "gateway"
  "environment" ""
  "team" ""
  "user" ""
  "port" 2222
  "allow_cidrs" $ssh.allow_cidrs
  "gateway_cidrs" list
  "remote_forwarding" false
  "password" false
  | toJson -}}
{{- end }}

{{- /* What ExternalDNS reads of the gateway's Service, under its old and its new prefix. */}}
{{- define "swish.ssh-gateway.dns" -}}
{{- $ssh := include "swish.ssh" . | fromYaml -}}
{{- $hostname := ternary "internal-hostname" "hostname" (eq .Values.gateway.service.type "ClusterIP") -}}
{{- range list "external-dns.alpha.kubernetes.io" "external-dns.kubernetes.io" }}
{{ . }}/{{ $hostname }}: {{ $ssh.gateway | quote }}
{{ . }}/ttl: {{ $ssh.ttl | toString | quote }}
{{- end }}
{{- end }}

{{- /* A NetworkPolicy peer for each network. Takes a list of ranges. */}}
{{- define "swish.networks" -}}
{{- range . }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- end }}
