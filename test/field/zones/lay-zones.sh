#!/usr/bin/env bash
# Three zones as network namespaces: test/field/zones/lay-zones.sh PREFIX, and lay-zones.sh PREFIX away to take them
# down. Every cable lies between two namespaces of this run, so nothing of it is seen by the machine or by another run,
# and the addresses may be the same each time. Addresses are of 198.18.0.0/15 (RFC 2544) and fd00:18::/48.
#
#   OT 198.18.1.0/24                                     DMZ 198.18.3.0/24                      IT 198.18.4.0/24
#   plc .20  hmi .30  gateway .10 --- ot-firewall .1 --- broker .10  mes .20 --- dmz-firewall --- office .10
#                        |                |
#                        +-- 198.18.2.0/24, the gateway's second card, on a port of its own of the firewall
#
# The switches of OT and DMZ are namespaces of their own: a bridge inside a firewall's namespace would send bridged
# frames through its forward hook. Routes lead everywhere, nothing filters by itself (rp_filter is off), so that what is
# shut is shut by a rule. The gateway forwards packets as far as its kernel is concerned: its rules must not.
set -euo pipefail
p=$1
hosts="ot-switch dmz-switch plc hmi gateway ot-firewall broker mes dmz-firewall office"

if [ "${2:-}" = away ]; then
  for host in $hosts; do
    # What a killed run left in there holds the namespace; it is in ours, so it is ours.
    pids=$(ip netns pids "$p$host" 2>/dev/null) && [ -n "$pids" ] && kill -9 $pids 2>/dev/null
    ip netns del "$p$host" 2>/dev/null || true
  done
  exit 0
fi

for host in $hosts; do
  ip netns add "$p$host"
  ip -n "$p$host" link set lo up
  # No limit on what a firewall says of a refused packet, so that a probe ends at once; every user may ask for an echo
  # and for a low port, as on many hosts. What the agent connects from lies above the probes' own ports.
  ip netns exec "$p$host" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
    net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=1000000 net.ipv4.icmp_msgs_burst=1000000 \
    net.ipv6.icmp.ratelimit=0 \
    "net.ipv4.ping_group_range=0 2147483647" net.ipv4.ip_unprivileged_port_start=0 \
    "net.ipv4.ip_local_port_range=61000 65535" \
    net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.default.accept_redirects=0 \
    net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 \
    net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.dad_transmits=0 \
    net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.default.router_solicitations=0
done

switch() {                                     # NAME
  ip -n "$p$1" link add bridge type bridge stp_state 0 mcast_snooping 0
  ip -n "$p$1" link set bridge up
}

cable() {                                      # HOST CARD OTHER-HOST OTHER-CARD
  ip link add "$2" netns "$p$1" type veth peer name "$4" netns "$p$3"
  ip -n "$p$1" link set "$2" up
  ip -n "$p$3" link set "$4" up
}

number() {                                     # HOST CARD NET HOST-NUMBER
  ip -n "$p$1" addr add "198.18.$3.$4/24" dev "$2"
  ip -n "$p$1" -6 addr add "fd00:18:0:$3::$4/64" dev "$2" nodad
}

plug() {                                       # HOST CARD SWITCH NET HOST-NUMBER
  cable "$1" "$2" "$3" "to-$1"
  ip -n "$p$3" link set "to-$1" master bridge
  number "$1" "$2" "$4" "$5"
}

route() {                                      # HOST NET|default GATEWAY-NET GATEWAY-NUMBER
  local net4=default net6=default
  [ "$2" = default ] || { net4=198.18.$2.0/24 net6=fd00:18:0:$2::/64; }
  ip -n "$p$1" route add "$net4" via "198.18.$3.$4"
  ip -n "$p$1" -6 route add "$net6" via "fd00:18:0:$3::$4"
}

switch ot-switch
switch dmz-switch
plug ot-firewall ot ot-switch 1 1
plug gateway ot0 ot-switch 1 10
plug plc card ot-switch 1 20
plug hmi card ot-switch 1 30
cable gateway dmz0 ot-firewall gateway
number gateway dmz0 2 10
number ot-firewall gateway 2 1
plug ot-firewall dmz dmz-switch 3 1
plug dmz-firewall dmz dmz-switch 3 2
plug broker card dmz-switch 3 10
plug mes card dmz-switch 3 20
cable office card dmz-firewall it
number office card 4 10
number dmz-firewall it 4 1
# The world beyond, so that what is tried there is seen: an address of documentation (RFC 5737).
ip -n "${p}office" addr add 203.0.113.1/32 dev card

route gateway default 2 1
for host in plc hmi; do route $host default 1 1; done
for host in broker mes; do
  route $host 1 3 1
  route $host 2 3 1
  route $host default 3 2
done
route ot-firewall default 3 2
for net in 1 2; do route dmz-firewall $net 3 1; done
ip -n "${p}dmz-firewall" route add 203.0.113.0/24 via 198.18.4.10
route office default 4 1

for host in ot-firewall dmz-firewall gateway; do
  ip netns exec "$p$host" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
done
# By a marked packet the panel takes the gateway for its router, and so does a firewall that fell to somebody.
for each in "hmi 1" "ot-firewall 2"; do
  read -r host net <<<"$each"
  ip -n "$p$host" rule add fwmark 7 table 7
  ip -n "$p$host" -6 rule add fwmark 7 table 7
  ip -n "$p$host" route add default via "198.18.$net.10" table 7
  ip -n "$p$host" -6 route add default via "fd00:18:0:$net::10" table 7
done
for host in plc hmi gateway broker mes office; do
  ip netns exec "$p$host" nft -f "$(dirname "$0")/witness.nft"
done
