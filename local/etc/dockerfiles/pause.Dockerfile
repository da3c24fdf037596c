# The container that holds a pod's namespaces: Debian's catatonit, waiting and reaping.
FROM scratch
ARG BINARY
COPY ${BINARY} /pause
USER 65535:65535
ENTRYPOINT ["/pause", "-P"]
