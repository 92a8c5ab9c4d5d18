# The front end's packages
FROM node:22-slim AS front
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

# A virtual environment with Sightline in it, the front end included
FROM python:3.11-slim AS build
WORKDIR /src
ENV VIRTUAL_ENV=/opt/sightline PATH=/opt/sightline/bin:$PATH UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1
RUN python -m venv "$VIRTUAL_ENV"
COPY requirements-setup.lock requirements.lock ./
RUN pip install --require-hashes -r requirements-setup.lock \
    && uv pip install --compile-bytecode --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY db db
COPY sandbox sandbox
COPY --from=front /src/node_modules node_modules
RUN python -m app.web.vendor \
    && uv pip install --compile-bytecode --no-deps --no-build-isolation . \
    && uv pip uninstall uv hatchling editables

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/sightline --create-home sightline
COPY --from=build /opt/sightline /opt/sightline
ENV PATH=/opt/sightline/bin:$PATH HOST=0.0.0.0 PORT=8000 DATA_DIR=/var/lib/sightline
WORKDIR /var/lib/sightline
USER 10001
VOLUME /var/lib/sightline
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=4)"]
# Everything in one container, with a database of its own; docker-compose.yml runs `sightline web` and `worker`.
CMD ["sightline", "run"]
