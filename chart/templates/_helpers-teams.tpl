{{- /* Teams that have a namespace of their own, and what the hub may do where environments run. */}}

{{- /* As YAML, {teams: [...]}: each team of the policy in force with a namespace other than the release's. */}}
{{- define "swish.teams" -}}
{{- $teams := list -}}
{{- $policy := include "swish.policy" . | fromYaml -}}
{{- range $name, $team := $policy.teams -}}
{{- if and $team.namespace (ne $team.namespace $.Release.Namespace) -}}
{{- $teams = append $teams (merge (dict "name" $name) $team) -}}
{{- end -}}
{{- end -}}
{{- dict "teams" $teams | toYaml -}}
{{- end }}

{{- /* As a YAML list: each namespace with environments, the release's first. */}}
{{- define "swish.namespaces" -}}
{{- $namespaces := list .Release.Namespace -}}
{{- range (include "swish.teams" . | fromYaml).teams -}}
{{- $namespaces = append $namespaces .namespace -}}
{{- end -}}
{{- uniq $namespaces | toYaml -}}
{{- end }}

{{- /* Labels of a team's objects. Takes (list $ team). */}}
{{- define "swish.team.labels" -}}
{{ include "swish.labels" (list (index . 0) "teams") }}
swish.io/team: {{ (index . 1).name }}
{{- end }}

{{- /* A ResourceQuota's hard limits for a quota of the policy. Requests equal limits, so both are held. */}}
{{- define "swish.team.hard" -}}
{{- with .cpu }}
requests.cpu: {{ . | toString | quote }}
limits.cpu: {{ . | toString | quote }}
{{- end }}
{{- with .memory }}
requests.memory: {{ . | quote }}
limits.memory: {{ . | quote }}
{{- end }}
{{- if hasKey . "gpus" }}
requests.nvidia.com/gpu: {{ .gpus | toString | quote }}
{{- end }}
{{- end }}

{{- define "swish.hub.rules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs:
    - get    # was a start carried out whose answer was lost
    - list   # know all environments when the hub starts
    - watch  # notice at once that an environment is ready, or gone
    - create # start an environment
    - delete # stop an environment, and remove a pod that no server knows any more
- apiGroups: [""]
  resources: [pods/log]
  verbs:
    - get # show on the progress page what pip says while packages install
- apiGroups: [""]
  resources: [events]
  verbs:
    - list  # show what happened so far on the progress page
    - watch # show what happens next
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs:
    - get    # is a person's home volume there already
    - create # a person's first start
    - list   # show on the files page what a person has
    - delete # the person deletes it there
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs:
    - create # keep drains away from an environment of a protected pool; it is deleted with its pod
    - get    # whose is one of that name that is there already
    - delete # it is an earlier pod's, and would go with that
# What a start with ssh needs beside its pod, which owns it, so that it goes with the pod.
- apiGroups: [""]
  resources: [services]
  verbs:
    - create # the environment's address for ssh
    - get    # whose is one of that name that is there already
    - delete # it is an earlier pod's, and would go with that
- apiGroups: [""]
  resources: [secrets]
  verbs:
    - create # the host key and the settings of the environment's sshd, never to be read again by the hub
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "swish.hub.lease.name" . }}]
  verbs:
    - get    # is another hub at work in this namespace
    - update # this one is
{{- end }}

{{- define "swish.web.rules" -}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ range $i, $digit := splitList "" "0123456789abcdef" }}{{ if $i }}, {{ end }}{{ include "swish.ssh-keys.name" $digit }}{{ end }}]
  verbs:
    - get    # which keys does somebody have
    - update # add, name or remove one, unless somebody else did so meanwhile
- apiGroups: [""]
  resources: [services]
  verbs:
    - get # the address that an environment's load balancer or node port got
- apiGroups: [""]
  resources: [pods]
  verbs:
    - list  # which environments run sshd
    - watch # one more, one less
    - get   # one of them, after its watch broke
- apiGroups: [""]
  resources: [pods/log]
  verbs:
    - get # what sshd says of who enters
{{- end }}
