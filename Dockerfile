# Three stages: the pages, the Python packages, and a small final image without any of the build tools.
# It runs as an unprivileged user and with a read-only root file system: data goes to /var/lib/edgewise only.

FROM node:20-slim AS pages
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11-slim AS packages
# What pip needs to find a small build of torch, for example "--index-url ADDRESS" of a CPU-only index.
ARG TORCH_ARGUMENTS=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY pyproject.toml requirements.txt requirements-build.txt ./
RUN python -m venv /opt/edgewise \
    && /opt/edgewise/bin/pip install $TORCH_ARGUMENTS "$(sed -n 's/.*"\(torch==[^"]*\)".*/\1/p' pyproject.toml)" \
    && /opt/edgewise/bin/pip install --no-deps --require-hashes --requirement requirements.txt
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-deps --require-hashes --requirement requirements-build.txt
COPY README.md LICENSE ./
COPY kan/ kan/
COPY migrations/ migrations/
COPY service/ service/
COPY --from=pages /build/service/static/ service/static/
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/edgewise/bin/pip install --no-deps dist/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin edgewise \
    && install --directory --owner edgewise --group edgewise --mode 0700 /var/lib/edgewise
COPY --from=packages /opt/edgewise/ /opt/edgewise/
ENV PATH=/opt/edgewise/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    EDGEWISE_DATA_DIR=/var/lib/edgewise \
    NUMBA_CACHE_DIR=/var/lib/edgewise/compiled \
    EDGEWISE_HOST=0.0.0.0 \
    EDGEWISE_PORT=8000
USER 10001
WORKDIR /var/lib/edgewise
VOLUME /var/lib/edgewise
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"EDGEWISE_PORT\"]}/health/ready', timeout=4)"]
CMD ["edgewise", "serve"]
