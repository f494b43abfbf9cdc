# dq_pipeline as an image: the engine alone. A project is mounted at /project, or copied into an image made FROM this one.
#
#   docker build --tag dq-pipeline .
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     --volume "$PWD:/project:ro" --volume dq-output:/project/output dq-pipeline
#
# The base is pinned to a version. Where you can ask a registry, pin its digest too:
#   docker build --build-arg BASE=python:3.11.14-slim-bookworm@sha256:… .
ARG BASE=python:3.11.14-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
# What changes seldom comes first: these layers are made anew only when a requirement changes.
COPY requirements.lock ./
RUN python -m venv /opt/dq \
 && /opt/dq/bin/pip install --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
COPY pipelines ./pipelines
COPY expectations ./expectations
COPY data/sample ./data/sample
# Nothing is installed into the image that runs: pip and the build tools stay behind.
RUN /opt/dq/bin/pip install --no-deps --no-build-isolation . \
 && /opt/dq/bin/pip uninstall --yes editables hatchling setuptools pip

FROM ${BASE}
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="dq_pipeline" \
      org.opencontainers.image.description="Nightly extracts in, one published truth and a data-quality scorecard out." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
# A user by number, so that an orchestrator sees that it is not root. A named volume takes over who owns the folder.
RUN groupadd --gid 10001 dq \
 && useradd --uid 10001 --gid dq --no-create-home --home-dir /tmp --shell /usr/sbin/nologin dq \
 && install --directory --owner dq --group dq --mode 0700 /project/output
COPY --from=build /opt/dq /opt/dq
# With a read-only root only /project/output and /tmp are written.
ENV PATH=/opt/dq/bin:$PATH \
    HOME=/tmp \
    LC_ALL=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /project
USER 10001:10001
# As Ctrl-C does: the run closes its attempt. The first process of a container would not hear a SIGTERM that it does not expect.
STOPSIGNAL SIGINT
# Nothing is served: a night begins, ends, and says by its exit code how.
HEALTHCHECK NONE
ENTRYPOINT ["dq"]
CMD ["run", "--log-format", "json"]
