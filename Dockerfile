# One image for web and workers. It runs as an ordinary user; everything that is kept lies in volumes.
FROM python:3.11-slim-trixie AS packages
WORKDIR /build
COPY requirements.lock requirements-nodeps.lock ./
RUN python -m venv /opt/studyweb \
    && /opt/studyweb/bin/pip install --no-cache-dir -r requirements.lock \
    && /opt/studyweb/bin/pip install --no-cache-dir --no-deps -r requirements-nodeps.lock

FROM python:3.11-slim-trixie
# pg_dump, of the same release as the server in docker-compose.yml, for `manage.py backup`.
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home studyweb \
    && install -d -o studyweb -g studyweb -m 0700 /data /data/files /cache
COPY --from=packages /opt/studyweb /opt/studyweb
ENV PATH=/opt/studyweb/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STUDYWEB_DATA_DIR=/data \
    STUDYWEB_CACHE_DIR=/cache
WORKDIR /app
COPY manage.py ./
COPY studyweb studyweb
COPY surveys surveys
COPY generation generation
COPY analysis analysis
# The two secrets are for these steps alone, and protect nothing: no secret becomes part of the image.
# The translations are compiled by a user who may write here; what runs later only reads.
RUN SECRET_KEY=unused IDENTITY_KEY=unused STUDYWEB_DATA_DIR=/tmp/unused python manage.py catalogues
USER studyweb
RUN SECRET_KEY=unused IDENTITY_KEY=unused python manage.py collectstatic --no-input --verbosity 0
EXPOSE 8000
CMD ["gunicorn", "studyweb.wsgi:application", "--config", "python:studyweb.web_options", "--bind", "0.0.0.0:8000", \
     "--workers", "2", "--worker-tmp-dir", "/dev/shm"]
