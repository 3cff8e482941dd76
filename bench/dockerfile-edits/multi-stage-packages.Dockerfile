FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir pyaudio==0.2.14
COPY . /srv
CMD ["python", "/srv/main.py"]
