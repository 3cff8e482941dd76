FROM python:3.11-slim-bookworm
RUN apt-get update \
    # to build
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir mysqlclient
COPY . /srv
CMD ["python", "/srv/main.py"]