FROM python:3.12-bookworm
RUN pip install --no-cache-dir numpy
COPY . /srv
CMD ["python", "/srv/main.py"]
