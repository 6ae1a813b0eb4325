#!/bin/sh
# Builds the compiler: ./build.sh <out.wasm>. The toolchain is pinned, so that equal sources give equal bytes.
set -eu
out="$1"
cd "$(dirname "$0")"
GOTOOLCHAIN=go1.26.8 CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm \
	go build -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w -buildid=' -o "$out" .
