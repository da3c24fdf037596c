# Prometheus and Alertmanager as Debian packages them, at the paths of the images that the chart takes elsewhere. Debian
# 12's is too old: it refuses `track_timestamps_staleness`, by which the series of a container end with it.
FROM docker.io/library/debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends prometheus prometheus-alertmanager \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/debconf/*-old \
 && ln -s prometheus-alertmanager /usr/bin/alertmanager
USER 65534:65534
