# syntax=docker/dockerfile:1
FROM --platform=$TARGETPLATFORM python:3.11-bookworm AS run
# wheels alone
RUN pip install --no-cache-dir \
    # of numbers
    numpy==1.26.4
COPY main.py /srv/
CMD ["python", "/srv/main.py"]