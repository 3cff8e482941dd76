# syntax=docker/dockerfile:1
FROM python:3.11-slim
RUN <<EOF
set -e
pip install --no-cache-dir --index-url https://mirror.example/whl/cu121 torch==2.5.1
EOF
