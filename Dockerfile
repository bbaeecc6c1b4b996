# syntax=docker/dockerfile:1
# Two targets: `cpu`, the default, and `cuda`, whose libraries come with PyTorch's wheels and whose driver is the
# host's. No weights and no secrets: both are mounted when it runs.
#
#   docker build --target cpu  --tag polyvox:0.1.1-cpu  .
#   docker build --target cuda --tag polyvox:0.1.1-cuda .
#   docker run --rm --init --shm-size 1g --publish 8000:8000 polyvox:0.1.1-cpu
ARG PYTHON_VERSION=3.11
# The manifests state it too: every node of a cluster runs the same one.
ARG RAY_VERSION=2.60.0
# Leave `formant` out, and libespeak-ng (GPL) isn't there; leave `neural` out for an image without PyTorch.
# `g2pw` is 70 MB, and idle until its model is among the weights; `bench` lets the image load another server;
# `tracing` sends spans once OTEL_* variables say where to.
ARG EXTRAS=formant,production,neural,g2pw,bench,tracing

FROM python:${PYTHON_VERSION}-slim-bookworm AS python

FROM python AS wheel
WORKDIR /src
COPY pyproject.toml README.md LICENSE serve_config.yaml ./
COPY tts_core tts_core
COPY deployments deployments
COPY polyvox polyvox
COPY benchmarks/__init__.py benchmarks/__init__.py
COPY benchmarks/load benchmarks/load
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

# uv knows where PyTorch keeps its CPU builds; pip would take the CUDA one.
FROM python AS installer
RUN pip install --no-cache-dir "uv>=0.8,<1" && uv venv /opt/polyvox
# Compiled now, since nothing can be written there later.
ENV VIRTUAL_ENV=/opt/polyvox UV_NO_CACHE=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
COPY --from=wheel /wheels /wheels

FROM installer AS installed-cpu
ARG RAY_VERSION EXTRAS
RUN uv pip install --torch-backend=cpu "$(echo /wheels/polyvox-*.whl)[${EXTRAS}]" "ray[serve]==${RAY_VERSION}"

FROM installer AS installed-cuda
ARG RAY_VERSION EXTRAS
RUN uv pip install "$(echo /wheels/polyvox-*.whl)[${EXTRAS}]" "ray[serve]==${RAY_VERSION}"

FROM python AS runtime
ARG RAY_VERSION
LABEL org.opencontainers.image.title="Polyvox" \
      org.opencontainers.image.description="GPT-SoVITS voices as streaming speech, on Ray Serve" \
      org.opencontainers.image.licenses="MIT" \
      io.ray.version="${RAY_VERSION}"
# What Ray writes goes to /tmp, /dev/shm and the home folder; the rest may be read-only.
RUN groupadd --gid 10001 polyvox \
 && useradd --uid 10001 --gid polyvox --create-home polyvox \
 && install --directory --owner polyvox --group polyvox /cache /voices /weights
COPY --chmod=755 k8s/drain.py /usr/local/bin/polyvox-drain
COPY serve_config.yaml /etc/polyvox/serve_config.yaml
# A container is reached from outside itself, by whom its published port lets in.
RUN sed --in-place --expression 's/host: 127\.0\.0\.1/host: 0.0.0.0/' \
    --expression 's/^      ingress:$/&\n        open_to_all: true/' /etc/polyvox/serve_config.yaml
ENV PATH=/opt/polyvox/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/cache/huggingface \
    POLYVOX_WEIGHTS=/weights \
    POLYVOX_VOICES=/voices \
    RAY_USAGE_STATS_ENABLED=0 \
    RAY_SERVE_THROUGHPUT_OPTIMIZED=1 \
    RAY_SERVE_ENABLE_HA_PROXY=1 \
    RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH=deployments.http.request_id.middlewares \
    RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S=2 \
    RAY_worker_niceness=0
USER 10001:10001
WORKDIR /home/polyvox
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=90s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["polyvox", "serve", "--production", "/etc/polyvox/serve_config.yaml"]

FROM runtime AS cuda
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=installed-cuda /opt/polyvox /opt/polyvox

FROM runtime AS cpu
COPY --from=installed-cpu /opt/polyvox /opt/polyvox
