FROM debian:bookworm
RUN useradd app
COPY a /srv/
COPY --link b /opt/b
RUN chown -R 10:10 /srv /opt/b \
 # modes too
 && chmod -R 0750 /srv
