#!/usr/bin/env bash
# make-bmap.sh IMAGE "START LENGTH"...: prints which parts of an image have to be written (bmaptool, format 2.0), with
# their checksums. Ranges are in MiB, in order and apart; what follows on the one before is joined to it. Written here
# because bmaptool takes what the file system of this machine has as holes, which is not the same twice, and a block of
# zeros in a FAT has to reach the medium all the same.
set -euo pipefail
image=$1
shift
block=4096 per=256                   # blocks in a MiB
size=$(stat -c %s "$image")
joined=() mapped=0
for each in "$@"; do
  read -r start length <<<"$each"
  if [ ${#joined[@]} -gt 0 ] && read -r from count <<<"${joined[-1]}" && [ $((from + count)) -eq "$start" ]; then
    joined[-1]="$from $((count + length))"
  else
    joined+=("$start $length")
  fi
  mapped=$((mapped + length * per))
done
none=$(printf '0%.0s' {1..64})
text=$(
  printf '<?xml version="1.0" ?>\n<bmap version="2.0">\n'
  printf '  <ImageSize> %s </ImageSize>\n  <BlockSize> %s </BlockSize>\n  <BlocksCount> %s </BlocksCount>\n' \
    "$size" $block $((size / block))
  printf '  <MappedBlocksCount> %s </MappedBlocksCount>\n  <ChecksumType> sha256 </ChecksumType>\n' $mapped
  printf '  <BmapFileChecksum> %s </BmapFileChecksum>\n  <BlockMap>\n' "$none"
  for each in "${joined[@]}"; do
    read -r start length <<<"$each"
    sum=$(dd if="$image" bs=1M skip="$start" count="$length" status=none | sha256sum | cut -d' ' -f1)
    printf '    <Range chksum="%s"> %s-%s </Range>\n' "$sum" $((start * per)) $(((start + length) * per - 1))
  done
  printf '  </BlockMap>\n</bmap>'
)
own=$(printf '%s\n' "$text" | sha256sum | cut -d' ' -f1)
printf '%s\n' "${text/$none/$own}"
