# kube-state-metrics, where the image that the chart takes elsewhere has it.
FROM scratch
ARG BINARY
COPY ${BINARY} /kube-state-metrics
ENTRYPOINT ["/kube-state-metrics"]
