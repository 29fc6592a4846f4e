#!/bin/sh
# Writes the passwords of the composed system into .env beside docker-compose.yml, or into the file named: random, readable by
# you only. What is there already stays as it is, so that it may run again when a new version knows a new one.
set -eu
file=${1:-$(dirname "$0")/../.env}
umask 077
touch "$file"
for name in DATABASE_ROOT_PASSWORD \
  AUTH_DB_PASSWORD GROUP_DB_PASSWORD PRIVATE_DB_PASSWORD GROUP_ARCHIVE_DB_PASSWORD PRIVATE_ARCHIVE_DB_PASSWORD \
  NATS_GATEWAY_PASSWORD NATS_AUTH_PASSWORD NATS_GROUP_CHAT_PASSWORD NATS_PRIVATE_CHAT_PASSWORD \
  ADMIN_PASSWORD; do
  grep -q "^$name=" "$file" && continue
  # A letter first, and no sign that a URL, a shell or a configuration file reads as more than itself.
  echo "$name=p$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >> "$file"
done
