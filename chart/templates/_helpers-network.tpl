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

{{- /* Peers: every address but the cloud's metadata. */}}
{{- define "swish.anywhere" -}}
{{- include "swish.anywhere-but" (list "169.254.169.254/32" "fd00:ec2::254/128") }}
{{- end }}

{{- /* An egress rule: names may be asked for, of anybody. */}}
{{- define "swish.egress.names" -}}
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{- /*
Peers: where Kubernetes' API may be. Takes a list of ranges; the cloud's metadata address is left out of those ranges
that hold it, which the usual private ranges for IPv6 do.
*/}}
{{- define "swish.api-server" -}}
{{- range . }}
{{- $metadata := dict "0.0.0.0/0" "169.254.169.254/32" "::/0" "fd00:ec2::254/128" "fc00::/7" "fd00:ec2::254/128" "fd00::/8" "fd00:ec2::254/128" }}
- ipBlock:
    cidr: {{ . | quote }}
    {{- with get $metadata . }}
    except: [{{ . | quote }}]
    {{- end }}
{{- end }}
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

{{- /*
The spec of the NetworkPolicy by which those environments are entered by ssh that were launched with it: in any other a
program could listen at that port. One that was started before the label was there has none of its values.
Takes (list $ namespace).
*/}}
{{- define "swish.environments.ssh-network" -}}
{{- $root := index . 0 -}}
podSelector:
  matchLabels: {{- include "swish.environments.match-labels" $root | nindent 4 }}
  matchExpressions:
    - {key: swish.io/ssh, operator: NotIn, values: [none]}
policyTypes: [Ingress]
ingress:
  # From the policy's networks, and from the gateway.
  - from:
      {{- include "swish.networks" (include "swish.ssh" $root | fromYaml).allow_cidrs | nindent 6 }}
      {{- if include "swish.ssh-gateway.on" $root }}
      - podSelector:
          matchLabels: {{- include "swish.match-labels" (list $root "ssh-gateway") | nindent 12 }}
        {{- include "swish.home-namespace" . | nindent 8 }}
      {{- end }}
    ports:
      - {protocol: TCP, port: 2222}
{{- end }}

{{- /* Whether anybody may enter any environment by ssh. A rule without peers would let everybody in, so there is none. */}}
{{- define "swish.environments.entered" -}}
{{- $ssh := include "swish.ssh" . | fromYaml }}
{{- if and $ssh.enabled (or $ssh.allow_cidrs (include "swish.ssh-gateway.on" .)) }}yes{{ end }}
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
  # Names. No peers is no rule; a rule without one would be for all.
  {{- with $root.Values.networkPolicy.environments.dns }}
  - to: {{- toYaml . | nindent 6 }}
    ports:
      - {protocol: UDP, port: 53}
      - {protocol: TCP, port: 53}
  {{- end }}
  # The hub: who is my visitor, and: I am active.
  - to:
      - podSelector:
          matchLabels: {{- include "swish.match-labels" (list $root "hub") | nindent 12 }}
        {{- include "swish.home-namespace" . | nindent 8 }}
    ports:
      - {protocol: TCP, port: 8081}
  # The Internet, without the ranges that values block (docs/topics/network.md).
  - to: {{- include "swish.anywhere-but" $root.Values.networkPolicy.environments.blockedCIDRs | nindent 6 }}
  {{- with $root.Values.networkPolicy.environments.extraEgress }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
