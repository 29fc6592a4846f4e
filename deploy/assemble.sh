#!/bin/sh
# Gathers an image's files, in the project's own layout, in two layers: `packages` changes with the lockfile, `code` with every
# commit. A workspace package belongs to the image where the filtered installation gave it a node_modules.
set -eu
what=$1
image=$2
rm -rf "$image"
mkdir "$image"

if [ "$what" = packages ]; then
  # Types and maps of others' code, and what is for browsers or SQLite, is never read.
  find node_modules/.pnpm -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \) -delete
  rm -rf node_modules/.pnpm/typeorm@*/node_modules/typeorm/browser node_modules/.pnpm/*libsql* \
    node_modules/.pnpm/@types+* node_modules/.pnpm/lock.yaml
  cp --archive node_modules "$image"
  rm -f "$image"/node_modules/.modules.yaml "$image"/node_modules/.pnpm-workspace-state*.json
  for folder in packages/* services/*; do
    if [ -d "$folder/node_modules" ]; then cp --archive --parents "$folder/node_modules" "$folder/package.json" "$image"; fi
  done
  find "$image" -xtype l -delete
else
  service=$3
  for folder in packages/* services/*; do
    if [ -d "$folder/node_modules" ]; then
      mkdir -p "$image/$folder"
      cp --archive "/built/$folder/dist" "$image/$folder/dist"
    fi
  done
  find "$image" -type f \( -name '*.d.ts' -o -name '.tsbuildinfo' \) -delete
  if [ "$service" = gateway ]; then
    mkdir -p "$image/packages/web"
    cp --archive /built/packages/web/dist "$image/packages/web/dist"
  fi
fi
