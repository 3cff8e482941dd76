ARG BASE=python:3.12
from ${BASE}
run pip install --no-cache-dir numpy
copy . /srv
