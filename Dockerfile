# Two stages: the first installs the hashed lock, the second holds only what runs. compose.yaml shows its use.
FROM python:3.13-slim AS dependencies
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=2 \
    DATA_DIR=/data LOG_FORMAT=json SEGUE_REQUIRE_KEYS=on
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app segue && install -d -o segue -g segue /data
COPY --from=dependencies /venv /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q builder integrations runtime
USER segue
VOLUME /data
EXPOSE 8000
# Any answer below 500 shows that the process serves, whatever host names it is told to accept.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); \
c.request('GET', '/healthz'); sys.exit(c.getresponse().status >= 500)"]
ENTRYPOINT ["tini", "--"]
CMD ["sh", "-c", "python manage.py collectstatic --noinput -v 0 && exec python -m builder.serving --host 0.0.0.0 --port 8000"]
