FROM python:3.11-slim
RUN pip install --no-cache-dir \
    "opencv-python>=4.9" \
    numpy
