#!/usr/bin/env bash
# The same plant's keys once more, made by OpenSSL alone, so that identity and TLS are not only tested against
# certificates that .NET made: root, issuing authority, broker, gateway, MES, and the lists of what was revoked.
# usage: make-keys.sh DIRECTORY BROKER_HOST GATEWAY_ID
set -euo pipefail
directory=$1 host=$2 gateway=$3
mkdir -p "$directory"
cd "$directory"

key() {                              # NAME: NAME.key, P-256, PKCS#8
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1.key"
  chmod 0600 "$1.key"
}
authority="basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"

key root
openssl req -new -x509 -key root.key -days 3650 -subj "/CN=Root by OpenSSL" -out root.crt \
  -addext "keyUsage=critical,keyCertSign,cRLSign"
key issuing
openssl req -new -key issuing.key -subj "/CN=Issuing by OpenSSL" -out issuing.csr
openssl x509 -req -in issuing.csr -CA root.crt -CAkey root.key -CAcreateserial -days 1825 -out issuing.crt \
  -extfile <(echo "$authority"; echo "authorityKeyIdentifier=keyid") 2>/dev/null

leaf() {                             # NAME COMMON_NAME EXTENSIONS: NAME.key and NAME.pem (leaf, then issuing)
  key "$1"
  openssl req -new -key "$1.key" -subj "/O=Plant/CN=$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA issuing.crt -CAkey issuing.key -CAcreateserial -days 365 -out "$1.crt" \
    -extfile <(printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
      "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" "$3") 2>/dev/null
  cat "$1.crt" issuing.crt >"$1.pem"
}
leaf server "$host" "extendedKeyUsage=serverAuth
subjectAltName=DNS:$host,IP:127.0.0.1"
leaf gateway "$gateway" "extendedKeyUsage=clientAuth"
leaf mes mes "extendedKeyUsage=clientAuth"

revoked() {                          # NAME: NAME.crl, empty and fresh
  : >"$1.index"
  echo 01 >"$1.number"
  printf '%s\n' "[ca]" "default_ca=own" "[own]" "database=$1.index" "crlnumber=$1.number" "default_md=sha256" >"$1.cnf"
  openssl ca -config "$1.cnf" -gencrl -keyfile "$1.key" -cert "$1.crt" -crldays 30 -out "$1.crl" 2>/dev/null
}
revoked root
revoked issuing
cat issuing.crl root.crl >crl.pem
cp root.crt ca.pem
