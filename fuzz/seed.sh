#!/usr/bin/env bash
# Makes the first inputs of the fuzz targets from the fixtures of the package formats and the rules for secrets.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p fuzz/corpus/catalog fuzz/corpus/layer fuzz/corpus/nested fuzz/corpus/secret
for root in scanner/fixtures/*/root; do
  format=$(basename "$(dirname "$root")")
  tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 -cf "fuzz/corpus/layer/$format.tar" .
  for packing in gzip bzip2 xz zstd; do
    { printf '%s.tar\n' "$format"; "$packing" -c "fuzz/corpus/layer/$format.tar"; } >"fuzz/corpus/nested/$format-$packing"
  done
  number=0
  while IFS= read -r -d '' file; do
    number=$((number + 1))
    { printf '%s\n' "${file#"$root"/}"; cat "$file"; } >"fuzz/corpus/catalog/$format-$number"
  done < <(find "$root" -type f -size -200k -print0 | sort -z)
done
for file in scanner/src/secret/rules/*.toml scanner/tests/corpus/*.toml; do
  { printf 'srv/app/.env\n'; cat "$file"; } >"fuzz/corpus/secret/$(basename "$(dirname "$file")")-$(basename "$file")"
done
