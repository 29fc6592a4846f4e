#!/bin/sh
# Makes the databases and, for each, a user that has rights on it alone. The database image runs this at its very first start,
# before it listens; run again (see docs/operating.md) it adds what is missing and sets passwords anew.
(
  set -eu
  client=$(command -v mariadb || command -v mysql)
  root="${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}"
  # At the very first start some images have not given root its password yet.
  MYSQL_PWD=$root "$client" -uroot -e 'SELECT 1' >/dev/null 2>&1 || root=
  # name, password
  grant() {
    MYSQL_PWD=$root "$client" -uroot <<SQL
CREATE DATABASE IF NOT EXISTS $1 CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '$1'@'%' IDENTIFIED BY '$2';
ALTER USER '$1'@'%' IDENTIFIED BY '$2';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES
  ON \`$(echo "$1" | sed 's/_/\\_/g')\`.* TO '$1'@'%';
SQL
  }
  grant teahouse_auth "$AUTH_DB_PASSWORD"
  grant teahouse_group "$GROUP_DB_PASSWORD"
  grant teahouse_private "$PRIVATE_DB_PASSWORD"
  grant teahouse_group_archive "$GROUP_ARCHIVE_DB_PASSWORD"
  grant teahouse_private_archive "$PRIVATE_ARCHIVE_DB_PASSWORD"
)
