# Tillpost in a container: docs/hosting.md. Pin the base image by digest where your registry gives you one.
FROM python:3.13-slim-bookworm AS packages
COPY locks/requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --no-input --require-hashes -r /tmp/requirements.lock

FROM python:3.13-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8501 \
    DATA_DIR=/data \
    STORE_URL=sqlite:////data/tillpost.db \
    LOG_FORMAT=json \
    # Docker ends a container 10 seconds after SIGTERM. Set more where the platform gives more.
    SHUTDOWN_SECONDS=8
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin tillpost \
    && install -d -m 0700 -o tillpost -g tillpost /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/tillpost
COPY . .
# The version that health and logs show: docker build --build-arg COMMIT=$(git rev-parse HEAD)
ARG COMMIT=
RUN if [ -n "$COMMIT" ]; then printf '%s\n' "$COMMIT" > COMMIT; fi \
    && python -m compileall -q backend front_door pages server.py streamlit_app.py

# Code belongs to root. Only /data is written to; everything in it is lost with the container unless a volume is there.
USER 10001:10001
VOLUME /data
EXPOSE 8501
STOPSIGNAL SIGTERM
# A container that runs `python -m backend worker` instead serves no HTTP: give it --no-healthcheck.
HEALTHCHECK --interval=15s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/api/ready\", timeout=5)"]
CMD ["python", "server.py"]
