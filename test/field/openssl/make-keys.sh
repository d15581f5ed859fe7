#!/usr/bin/env bash
# The same plant's keys once more, made by OpenSSL alone, so that identity and TLS are not only tested against
# certificates that .NET made: root, issuing authority, broker, gateway, MES, and the lists of what was revoked.
# usage: make-keys.sh DIRECTORY plant BROKER_HOST GATEWAY_ID
#        make-keys.sh DIRECTORY client NAME COMMON_NAME     one more client, as NAME.pem and NAME.key
#        make-keys.sh DIRECTORY revoke NAME                 from now on crl.pem names it
set -euo pipefail
directory=$1 verb=$2
mkdir -p "$directory"
cd "$directory"

# Everything is valid since a day: a gateway under test may be set a little behind this machine.
since=$(date -u -d '1 day ago' +%Y%m%d%H%M%SZ)

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

sign() {                             # AUTHORITY NAME DAYS EXTENSIONS: NAME.crt from NAME.csr
  openssl ca -config "$1.cnf" -keyfile "$1.key" $([ "$1" = "$2" ] && echo -selfsign || echo "-cert $1.crt") -batch \
    -notext -in "$2.csr" -out "$2.crt" -startdate "$since" -days "$3" -extfile <(echo "$4") 2>"$2.log" \
    || { cat "$2.log" >&2; exit 1; }
}

request() { openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"; }

leaf() {                             # NAME COMMON_NAME EXTENSIONS: NAME.key and NAME.pem (leaf, then issuing)
  key "$1"
  request "$1" "/O=Plant/CN=$2"
  sign issuing "$1" 365 "basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
$3"
  cat "$1.crt" issuing.crt >"$1.pem"
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
  sign root root 3650 "$authority"
  sign root issuing 1825 "$authority
authorityKeyIdentifier=keyid"
  leaf server "$1" "extendedKeyUsage=serverAuth
subjectAltName=DNS:$1,IP:127.0.0.1"
  leaf gateway "$2" "extendedKeyUsage=clientAuth"
  leaf mes mes "extendedKeyUsage=clientAuth"
  cp root.crt ca.pem
  lists
}

case $verb in
  plant) plant "$3" "$4" ;;
  client) leaf "$3" "$4" "extendedKeyUsage=clientAuth" ;;
  revoke)
    openssl ca -config issuing.cnf -keyfile issuing.key -cert issuing.crt -revoke "$3.crt" 2>/dev/null
    lists ;;
  *) echo "make-keys.sh does not know '$verb'" >&2; exit 2 ;;
esac
