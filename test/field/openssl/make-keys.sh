#!/usr/bin/env bash
# The same plant's keys once more, made by OpenSSL alone, so that identity and TLS are not only tested against
# certificates that .NET made: root, issuing authority, broker, gateway, MES, and the lists of what was revoked.
# usage: make-keys.sh DIRECTORY plant BROKER_HOST GATEWAY_ID
#        make-keys.sh DIRECTORY client|server NAME COMMON_NAME  one more, as NAME.pem and NAME.key
#        make-keys.sh DIRECTORY answer NAME REQUEST [root]  signs a gateway's own request, as NAME.crt
#        make-keys.sh DIRECTORY revoke NAME                 from now on crl.pem names it
#        make-keys.sh DIRECTORY adopt CA PASSPHRASE_FILE ROOT_PASSPHRASE_FILE   a CA of sluice-provision instead
#        make-keys.sh DIRECTORY odd BROKER_HOST GATEWAY_ID  certificates that no CA in its right mind would sign
set -euo pipefail
directory=$1 verb=$2
mkdir -p "$directory"
cd "$directory"

# Everything is valid since a day: a gateway under test may be set a little behind this machine.
day() { date -u -d "$1" +%Y%m%d%H%M%SZ; }
since=$(day '1 day ago') until=$(day '365 days') signer=issuing

key() {                              # NAME: NAME.key, P-256, PKCS#8
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"
  chmod 0600 "$1.key"
}

books() {                            # NAME: what an authority writes down of what it signed and took back
  : >"$1.index"
  echo 01 >"$1.number"
  printf '%s\n' "[ca]" "default_ca=own" "[own]" "database=$1.index" "crlnumber=$1.number" "default_md=sha256" \
    "new_certs_dir=." "rand_serial=yes" "unique_subject=no" "policy=any" "email_in_dn=no" \
    "[any]" "organizationName=optional" "commonName=supplied" >"$1.cnf"
}

sign() {                             # AUTHORITY NAME UNTIL EXTENSIONS: NAME.crt from NAME.csr
  openssl ca -config "$1.cnf" -keyfile "$1.key" $([ "$1" = "$2" ] && echo -selfsign || echo "-cert $1.crt") -batch \
    -notext -in "$2.csr" -out "$2.crt" -startdate "$since" -enddate "$3" -extfile <(echo "$4") 2>"$2.log" \
    || { cat "$2.log" >&2; exit 1; }
}

request() { openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"; }

leaf() {                             # NAME COMMON_NAME EXTENSIONS: NAME.key and NAME.pem (leaf, then issuing)
  key "$1"
  request "$1" "/O=Plant/CN=$2"
  sign "$signer" "$1" "$until" "basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
$3"
  cat "$1.crt" $([ "$signer" = root ] || echo issuing.crt) >"$1.pem"
}

client() { leaf "$1" "$2" "extendedKeyUsage=${3:-clientAuth}"; }

server() { leaf "$1" "$2" "extendedKeyUsage=${3:-serverAuth}
subjectAltName=DNS:$2,IP:127.0.0.1"; }

answer() {                           # NAME REQUEST AUTHORITY: as a plant's CA does, by its own rules
  cp "$2" "$1.csr"
  sign "${3:-issuing}" "$1" "$until" "basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
authorityKeyIdentifier=keyid"
}

lists() {                            # both authorities' lists, fresh for 30 days
  for each in issuing root; do
    openssl ca -config "$each.cnf" -gencrl -keyfile "$each.key" -cert "$each.crt" -crl_lastupdate "$since" \
      -crldays 30 -out "$each.crl" 2>/dev/null
  done
  cat issuing.crl root.crl >crl.pem.new
  mv crl.pem.new crl.pem
}

plant() {
  authority="basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"
  for each in root issuing; do
    key "$each"
    books "$each"
    request "$each" "/CN=${each^} by OpenSSL"
  done
  sign root root "$(day '3650 days')" "$authority"
  sign root issuing "$(day '1825 days')" "$authority
authorityKeyIdentifier=keyid"
  server server "$1"
  client gateway "$2"
  client mes mes
  cp root.crt ca.pem
  lists
}

adopt() {                            # its authorities as they are, with books that begin today
  openssl pkey -in "$1/issuing.key" -passin "file:$2" -out issuing.key
  openssl pkey -in "$1/root/root.key" -passin "file:$3" -out root.key
  for each in root issuing; do
    chmod 0600 "$each.key"
    books "$each"
    cp "$1/$each.pem" "$each.crt"
  done
  cp root.crt ca.pem
}

odd() {                              # HOST GATEWAY: each kind for both sides, in NAME.pem and NAME.key
  server server-usage "$1" clientAuth
  server server-other-host "other.${1#*.}"
  client gateway-usage "$2" serverAuth
  client gateway-other "$2-other"
  signer=root server server-by-root "$1"
  server server-chain-cut "$1"
  cp server-chain-cut.crt server-chain-cut.pem
  since=$(day '20 days ago') until=$(day '10 days ago')
  server server-expired "$1"
  client gateway-expired "$2"
  since=$(day '10 days') until=$(day '20 days')
  server server-early "$1"
}

case $verb in
  plant) plant "$3" "$4" ;;
  adopt) adopt "$3" "$4" "$5" ;;
  odd) odd "$3" "$4" ;;
  client) client "$3" "$4" ;;
  server) server "$3" "$4" ;;
  answer) answer "$3" "$4" "${5:-}" ;;
  revoke)
    openssl ca -config issuing.cnf -keyfile issuing.key -cert issuing.crt -revoke "$3.crt" 2>/dev/null
    lists ;;
  *) echo "make-keys.sh does not know '$verb'" >&2; exit 2 ;;
esac
