# One image for every service and worker; the command says which it is.
FROM python:3.11-slim AS base

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements-run.lock ./
RUN pip install --require-hashes -r requirements-run.lock

COPY libs ./libs
COPY services ./services
RUN python -m compileall -q libs services

# the web application, of which the image gets the built files only
FROM base AS web
COPY requirements-web.lock ./
RUN pip install --require-hashes -r requirements-web.lock
COPY adrelay/__init__.py adrelay/web_build.py ./adrelay/
COPY web ./web
RUN python -m adrelay.web_build

FROM base
COPY --from=web /app/web/dist ./web/dist
RUN useradd --system --uid 999 --no-create-home adrelay
USER adrelay

ENV ADRELAY_HTTP_HOST=0.0.0.0 ADRELAY_HTTP_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
CMD ["python", "-m", "services.gateway"]
