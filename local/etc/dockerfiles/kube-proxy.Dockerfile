# kube-proxy writes its rules with the nft command: the machine's own, with its libraries (in `root`), since an older nft
# on the machine crashes on rules that a newer one in the image would write.
FROM scratch
ARG BINARY
COPY root/ /
COPY ${BINARY} /usr/local/bin/
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin
