FROM python:3.11-slim
RUN <<-"EOF"
	pip install --no-cache-dir opencv-contrib-python numpy
	EOF
