FROM debian:bookworm
COPY <<EOF /bin/run.sh
#!/bin/sh
EOF
RUN chmod 755 /bin/run.sh
