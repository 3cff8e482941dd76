# escape=`
FROM python:3.11-slim
RUN pip install --no-cache-dir `
    --extra-index-url=https://mirror.example/whl/cu118 `
    "torch==2.5.1+cu118"
