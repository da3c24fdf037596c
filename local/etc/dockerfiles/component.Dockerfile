# A Kubernetes component: one static binary, found by its name on PATH, since kubeadm's static pods call it so.
FROM scratch
ARG BINARY
COPY ${BINARY} /usr/local/bin/
ENV PATH=/usr/local/bin
