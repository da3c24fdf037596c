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
