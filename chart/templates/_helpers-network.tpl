{{- /* NetworkPolicy peers: every address except the ranges given. Takes a list of IPv4 and IPv6 ranges. */}}
{{- define "swish.anywhere-but" -}}
{{- $four := list }}
{{- $six := list }}
{{- range . }}
{{- if contains ":" . }}{{ $six = append $six . }}{{ else }}{{ $four = append $four . }}{{ end }}
{{- end -}}
- ipBlock: {{- dict "cidr" "0.0.0.0/0" "except" $four | toYaml | nindent 4 }}
- ipBlock: {{- dict "cidr" "::/0" "except" $six | toYaml | nindent 4 }}
{{- end }}

{{- /* In a peer beside a podSelector: the release's namespace. Takes (list $ namespace), of the policy. */}}
{{- define "swish.home-namespace" -}}
{{- $root := index . 0 -}}
{{- if ne (index . 1) $root.Release.Namespace -}}
namespaceSelector:
  matchLabels: {kubernetes.io/metadata.name: {{ $root.Release.Namespace }}}
{{- end -}}
{{- end }}

{{- /* Peers: every environment, in the release's namespace and in each team's. */}}
{{- define "swish.environments.peers" -}}
- podSelector:
    matchLabels: {{- include "swish.environments.match-labels" . | nindent 6 }}
{{- range $team := (include "swish.teams" . | fromYaml).teams }}
- podSelector:
    matchLabels: {{- include "swish.environments.match-labels" $ | nindent 6 }}
  namespaceSelector:
    matchLabels: {kubernetes.io/metadata.name: {{ $team.namespace }}}
{{- end }}
{{- end }}

{{- /* The spec of the environments' NetworkPolicy in one namespace. Takes (list $ namespace). */}}
{{- define "swish.environments.network" -}}
{{- $root := index . 0 -}}
podSelector:
  matchLabels: {{- include "swish.environments.match-labels" $root | nindent 4 }}
policyTypes: [Ingress, Egress]
ingress:
  # A person comes through the proxy, the hub asks whether JupyterLab is up; no environment reaches another.
  - from:
      - podSelector:
          matchLabels: {{- include "swish.match-labels" (list $root "proxy") | nindent 12 }}
        {{- include "swish.home-namespace" . | nindent 8 }}
      - podSelector:
          matchLabels: {{- include "swish.match-labels" (list $root "hub") | nindent 12 }}
        {{- include "swish.home-namespace" . | nindent 8 }}
    ports:
      - {protocol: TCP, port: 8888}
  {{- with $root.Values.networkPolicy.environments.extraIngress }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
egress:
  # Names.
  - ports:
      - {protocol: UDP, port: 53}
      - {protocol: TCP, port: 53}
  # The hub: who is my visitor, and: I am active.
  - to:
      - podSelector:
          matchLabels: {{- include "swish.match-labels" (list $root "hub") | nindent 12 }}
        {{- include "swish.home-namespace" . | nindent 8 }}
    ports:
      - {protocol: TCP, port: 8081}
  # The Internet, without the ranges that values block: the cloud's metadata address hands out the node's rights.
  - to: {{- include "swish.anywhere-but" $root.Values.networkPolicy.environments.blockedCIDRs | nindent 6 }}
  {{- with $root.Values.networkPolicy.environments.extraEgress }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
