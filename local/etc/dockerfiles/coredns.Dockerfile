# CoreDNS: kubeadm's Deployment gives arguments only.
FROM scratch
ARG BINARY
COPY ${BINARY} /coredns
ENTRYPOINT ["/coredns"]
