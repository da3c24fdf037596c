{{- /* What Prometheus reads, from whom and how. */}}

{{- define "swish.prometheus.config" -}}
{{- $here := dict "namespace" .Release.Namespace -}}
global:
  # The rules' rates are of two minutes: one scrape that fails leaves no gap in them.
  scrape_interval: 15s
  evaluation_interval: 15s
rule_files: [/etc/prometheus/rules-*.yaml]
alerting:
  alertmanagers:
    - static_configs:
        - targets: ["{{ include "swish.alertmanager.name" . }}.{{ .Release.Namespace }}.svc:9093"]
scrape_configs:
  - job_name: hub
    metrics_path: {{ include "swish.base-url" . }}hub/metrics
    authorization: {credentials_file: /etc/prometheus/secrets/metrics-token}
    static_configs:
      - targets: ["{{ include "swish.hub.url" . | trimPrefix "http://" }}"]
        labels: {{- $here | toYaml | nindent 10 }}
  - job_name: web
    metrics_path: {{ include "swish.web.prefix" . }}metrics
    static_configs:
      - targets: ["{{ include "swish.web.url" . | trimPrefix "http://" }}"]
        labels: {{- $here | toYaml | nindent 10 }}
  - job_name: prometheus
    static_configs:
      - targets: ["localhost:9090"]
        labels: {{- $here | toYaml | nindent 10 }}
  - job_name: kube-state-metrics
    # It speaks of other pods than its own, and names their namespaces.
    honor_labels: true
    static_configs:
      - targets: ["{{ include "swish.kube-state-metrics.name" . }}.{{ .Release.Namespace }}.svc:8080"]
  - job_name: containers
    scheme: https
    metrics_path: /metrics/cadvisor
    authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}
    tls_config:
      {{- if .Values.monitoring.stack.prometheus.kubeletCertificates }}
      ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
      {{- else }}
      insecure_skip_verify: true
      {{- end }}
    honor_labels: true
    # The kubelet gives its samples its own times; without this the series of a container outlive it by five minutes.
    track_timestamps_staleness: true
    {{- with .Values.monitoring.stack.prometheus.kubelets }}
    static_configs: [{targets: {{ . | toJson }}}]
    {{- else }}
    kubernetes_sd_configs: [{role: node}]
    relabel_configs:
      - {source_labels: [__meta_kubernetes_node_name], target_label: node}
    {{- end }}
    metric_relabel_configs:
      # Environments' alone, and what is asked for: a kubelet tells some 200 series of each environment.
      - action: keep
        source_labels: [namespace]
        regex: {{ include "swish.namespaces" . | fromYamlArray | join "|" }}
      - action: keep
        source_labels: [__name__]
        regex: container_(cpu_usage_seconds_total|cpu_cfs_throttled_periods_total|memory_(working_set_bytes|rss|cache|total_active_file_bytes|total_inactive_file_bytes)|spec_memory_limit_bytes|network_(receive|transmit)_bytes_total|fs_(reads|writes)_bytes_total)
  {{- with .Values.monitoring.stack.prometheus.extraScrapeConfigs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* What the pods of monitoring have in common, above their containers. Takes (list $ component). */}}
{{- define "swish.monitoring.pod" -}}
{{- $root := index . 0 -}}
automountServiceAccountToken: {{ ne (index . 1) "alertmanager" }}
enableServiceLinks: false
securityContext: {{- include "swish.pod-security" $root | nindent 2 }}
{{- with include "swish.image-pull-secrets" $root | trim }}
{{ . }}
{{- end }}
{{- with include "swish.placement" $root.Values.monitoring.stack | trim }}
{{ . }}
{{- end }}
{{- end }}

{{- /* The three probes of a container at its port `http`. Takes (list ready healthy): paths. */}}
{{- define "swish.monitoring.probes" -}}
startupProbe:
  httpGet: {path: {{ index . 0 }}, port: http}
  periodSeconds: 2
  timeoutSeconds: 3
  # A Prometheus that was ended in the middle reads what it had not yet put in order: minutes for a large one.
  failureThreshold: 450
readinessProbe:
  httpGet: {path: {{ index . 0 }}, port: http}
  periodSeconds: 5
  timeoutSeconds: 3
livenessProbe:
  httpGet: {path: {{ index . 1 }}, port: http}
  periodSeconds: 30
  timeoutSeconds: 10
  failureThreshold: 6
{{- end }}
