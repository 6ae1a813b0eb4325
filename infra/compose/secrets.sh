#!/bin/sh
# Makes what compose.yaml mounts, once: two passwords, and a certificate for the PostgreSQL port, good for a year.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
cd secrets
for name in owner-password app-password; do
  test -s "$name" || openssl rand -hex 24 >"$name"
done
test -s gateway.key || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 365 \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
  -keyout gateway.key -out gateway.crt 2>/dev/null
# Compose mounts them as they are, and the gateway is nobody of this machine: the folder keeps others out.
chmod 444 ./*
