#!/bin/sh
# A software TPM with a P-256 key behind a persistent handle, and what OpenSSL's provider for it can do with that key.
# Usage: try-tpm.sh FOLDER PORT TLS-PORT. Prints one word and its value in a line: provider, request, tls, said.
set -eu
folder=$1 port=$2 tls_port=$3
handle=0x81000001
cd "$folder"
mkdir -p state
export TPM2TOOLS_TCTI="swtpm:host=127.0.0.1,port=$port" TPM2OPENSSL_TCTI="swtpm:host=127.0.0.1,port=$port"
tpm='' server=''
trap 'kill $tpm $server 2>/dev/null || true; wait' EXIT

swtpm socket --tpm2 --tpmstate dir=state --ctrl "type=tcp,port=$((port + 1))" --server "type=tcp,port=$port" \
  --flags not-need-init,startup-clear >swtpm.log 2>&1 &
tpm=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  tpm2_flushcontext -t >/dev/null 2>&1 && break
  sleep 0.3
done

# No resource manager stands in front of it: what was loaded is let go after each step, or its few places are full.
tpm2_createprimary -Q -C o -G ecc -c primary.ctx
tpm2_flushcontext -t
tpm2_create -Q -C primary.ctx -G ecc256:ecdsa -u key.pub -r key.priv
tpm2_flushcontext -t
tpm2_load -Q -C primary.ctx -u key.pub -r key.priv -c key.ctx
tpm2_evictcontrol -Q -C o -c key.ctx $handle
tpm2_flushcontext -t

both='-provider tpm2 -provider default'
# shellcheck disable=SC2086
echo "provider $(openssl list -providers $both | sed -n '/tpm2/,/version/s/.*version: *//p' | head -n 1)"

# shellcheck disable=SC2086
openssl req $both -new -key handle:$handle -subj /O=plant1/CN=gw-1 -out request.pem 2>request.log || true
openssl req -in request.pem -verify -noout >>request.log 2>&1 && echo 'request yes' || echo 'request no'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -subj /CN=ca -out ca.pem 2>/dev/null
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out gateway.pem 2>/dev/null

openssl s_server -accept "127.0.0.1:$tls_port" -cert ca.pem -key ca.key -CAfile ca.pem -Verify 2 -verify_return_error \
  -tls1_3 -rev >server.log 2>&1 &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  grep -q ACCEPT server.log && break
  sleep 0.3
done

# The server turns a line round only where the client showed that it has the key.
# shellcheck disable=SC2086
(echo olleh; sleep 2) | timeout 20 openssl s_client $both -connect "127.0.0.1:$tls_port" -tls1_3 -quiet \
  -no_ign_eof -CAfile ca.pem -cert gateway.pem -key handle:$handle >client.log 2>&1 || true
grep -q '^hello' client.log && echo 'tls yes' || echo 'tls no'
echo "said $(grep -i error client.log | sed 's/^[^:]*:error:[^:]*://; s/:[^:]*:[0-9]*:$//' | tr '\n' ';')"
