#!/usr/bin/env bash
# Runs sluice-release (packaging/release), which `make` has built.
exec "$(dirname "$0")/release/bin/Release/net10.0/sluice-release" "$@"
