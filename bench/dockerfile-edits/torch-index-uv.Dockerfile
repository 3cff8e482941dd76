FROM python:3.11-slim
RUN uv pip install --no-cache --system torch numpy