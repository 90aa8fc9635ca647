# The product's image: web, operator, worker, beat, migrate and roles run from it (docker-compose.yml).
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN groupadd --system --gid 10001 treffa \
    && useradd --system --uid 10001 --gid treffa --no-create-home treffa \
    && install --directory --owner=treffa --group=treffa /var/lib/treffa /var/lib/treffa/documents

WORKDIR /srv/treffa
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --requirement requirements/base.txt

COPY . .
# Production's settings want every key; these are for the two commands only and reach no layer's environment.
RUN export TREFFA_ENV=production ALLOWED_HOSTS=build SECRET_KEY=build LINK_KEY=build MASTER_KEYS=$(printf %043d 0) \
        PUBLIC_URL=https://build OPERATOR_URL=https://build \
        DATABASE_URL=postgres://build/build \
    && python manage.py catalogues compile \
    && python manage.py collectstatic --no-input \
    && python -m compileall -q .

USER treffa
VOLUME /var/lib/treffa
EXPOSE 8000 8001
CMD ["gunicorn", "treffa.wsgi", "--bind", "0.0.0.0:8000"]
