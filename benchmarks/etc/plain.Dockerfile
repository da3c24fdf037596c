# swish-python3 as it would be without what makes JupyterLab start fast: pip's own way to start the server, every
# extension on, and all that its packages ask for. {reference} is filled in by benchmarks/plain_image.py.
FROM {reference}
ARG BINARY
USER 0:0
COPY ${{BINARY}} /build/requirements.txt
RUN /opt/swish/bin/pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --no-deps --only-binary :all: --requirement /build/requirements.txt \
 && printf '#!/opt/swish/bin/python3\nfrom jupyterhub.singleuser import main\nmain()\n' > /opt/swish/bin/jupyterhub-singleuser \
 && rm /opt/swish/etc/jupyter/jupyter_server_config.d/swish.json
USER 1000:100
