# The kubelet as a service manager would run it: after kubeadm has written its configuration, with kubeadm's flags.
# $1 is the kubelet's binary.
until [ -s /var/lib/kubelet/config.yaml ] && [ -s /var/lib/kubelet/kubeadm-flags.env ]; do sleep 0.2; done
. /var/lib/kubelet/kubeadm-flags.env
# shellcheck disable=SC2086  # the flags are several words
exec "$1" --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf \
  --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
