# syntax=docker/dockerfile:1
# Two stages: dependencies are installed with their hashes, then only the environment and our code are kept.
FROM python:3.12-slim-bookworm AS build
WORKDIR /opt/jmid
RUN python -m venv .venv
# With the text detector and the recogniser of names, which a gateway uses; requirements.lock is enough for a centre.
ARG LOCK=requirements-gateway.lock
COPY ${LOCK} ./
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r ${LOCK}
COPY pyproject.toml LICENSE ./
COPY shared ./shared
COPY services ./services
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --no-index -e . \
    && .venv/bin/python -m compileall -q shared services

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="J-MID" org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 jmid && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin jmid \
    && install -d -o jmid -g jmid -m 0700 /var/lib/jmid
COPY --from=build /opt/jmid /opt/jmid
# Everybody signs in, under this address: publish 8080 there, or set JMID_ACCESS_PUBLIC_URL to the https one of a proxy.
ENV JMID_ACCESS=embedded JMID_ACCESS_PUBLIC_URL=http://localhost:8080
ENV PATH=/opt/jmid/.venv/bin:$PATH JMID_HOME=/var/lib/jmid PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /opt/jmid
VOLUME /var/lib/jmid
EXPOSE 8080 11112
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import os,urllib.request as u; u.urlopen('http://127.0.0.1:%s/-/ready' % os.environ.get('JMID_PORT', '8080'), timeout=4)"]
ENTRYPOINT ["jmid"]
CMD ["up", "--bind", "0.0.0.0"]
