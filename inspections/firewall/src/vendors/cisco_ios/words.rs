//! Commands that decide nothing about which packets pass: understood by their names, with all that stands below them.

/// At the top level (IOS, NX-OS, IOS-XR and EOS command references).
pub(super) const COMMANDS: &[&str] = &[
    "aaa", "aaa-server", "access-session", "address-family", "agent", "alias", "aps", "archive", "arp", "as-path", "as-path-set",
    "associate", "authentication", "auto", "banner", "bfd", "bfd-template", "boot", "boot-end-marker",
    "boot-start-marker", "bridge", "bridge-domain", "call-home", "card", "cdp", "cef", "cfs", "cli", "clns", "clock",
    "cmp", "community-list", "community-set", "config-register", "confdConfig", "configuration", "control-plane-policing",
    "controller", "copp", "crypto", "cts", "daemon", "default", "device", "device-sensor", "device-tracking", "dhcp",
    "diagnostic", "dial-peer", "dialer-list", "domain", "dot1x", "dpm", "dss", "eapol", "eem", "enable", "epld",
    "errdisable", "esd", "ethernet", "event", "evpn", "exception", "exit", "extcommunity-set", "fabric", "fallback",
    "feature-set", "fex", "fhrp", "file", "flow", "fpd", "frame-relay", "ftp", "generic-interface-list", "group", "grpc",
    "gateway", "hardware", "hostname", "hsrp", "http", "hw-module", "hw-switch", "icam", "identity", "install", "ip-sla",
    "ipc", "ipsla", "isis", "isolation", "kerberos", "key", "kron", "l2", "l2tp", "l2vpn", "lacp", "large-community-set",
    "ldap", "ldap-server", "led", "license", "lldp", "load-interval", "location", "logging", "login", "mac",
    "mac-address-table", "mac-list", "macro", "map-class", "mediation", "memory", "mls", "monitor", "mpls", "mplsoam",
    "multicast-routing", "multilink", "mvrp", "neighbor", "netconf", "netconf-yang", "network-clock", "network-clocks", "ngoam",
    "nsr", "ntp", "nv", "nxapi", "onep", "ospfv3-set", "parameter-map", "parser", "password", "peer", "performance",
    "platform", "poap", "policy", "port-channel", "port-profile", "port-security", "power", "prefix-set", "privilege",
    "process", "process-max-time", "profile", "prompt", "ptp", "qos", "queue-monitor", "radius", "radius-server",
    "rate-limit-set", "rd-set", "redundancy", "refresh", "remote", "resource", "restconf", "rmon", "role", "rollback",
    "root", "route", "route-policy", "route-target", "router-id", "sampler", "sampler-map", "scheduler", "scripting",
    "scheduled", "sdm", "security", "segment-routing", "serial", "service", "session",  "sflow", "sla", "slot",
    "snmp", "snmp-server", "software", "spanning-tree", "srv6", "ssh", "standby", "stackwise-virtual", "subscriber",
    "switch", "switchname", "switchport", "system", "tacacs", "tacacs-server", "tag-set", "task", "taskgroup", "tclsh", "tcp",
    "telemetry", "template", "terminal", "tftp", "tftp-server", "time", "track", "transceiver", "trunk", "tunnel",
    "udld", "usergroup", "username", "userpassphrase", "vdc", "version", "virtual-service", "vlan", "vmtracer",
    "voice", "voice-card", "voice-port", "vpc", "vpdn", "vpdn-group", "vstack", "vtp", "vxlan", "wism", "wlan", "wsma",
    "xconnect", "xml", "zoning", "tap", "dampening", "mvpn", "object-tracking", "global", "bba-group",
    "credentials", "app-hosting", "iox", "guestshell", "environment", "cable", "rpl", "ipx",
    "username-prompt", "module", "snmp-mib", "mib", "netflow", "network", "hash", "ima", "isdn", "chat-script", "modemcap",
    "virtual", "vty-pool", "pseudowire-class", "patch", "sensor", "sysmgr", "vlan-group", "fcoe", "fcdomain",
    "fspf", "iscsi", "vsan", "rlb", "statistics", "load-balance", "openflow", "nfs", "signature", "smart",
];

/// After `ip` and `ipv6` at the top level.
pub(super) const IP_COMMANDS: &[&str] = &[
    "accounting-list", "accounting-threshold", "address-pool", "adjacency", "admission", "amt", "arp", "as-path", "auth-proxy", "auto-discard",
    "bgp-community", "bootp", "bgp", "cache-invalidate-delay", "casa", "cef", "classless", "community-list", "dampening",
    "ddns", "default-network", "device", "dhcp", "dhcp-client", "dhcp-server", "dns", "domain", "domain-list",
    "domain-lookup", "domain-name", "drp", "dscp", "dvmrp", "eigrp", "explicit-path", "extcommunity-list", "extcommunity", "finger", "flow",
    "flow-aggregation", "flow-cache", "flow-capture", "flow-export", "flow-top-talkers", "forward-protocol", "ftp", "gdp",
    "general-prefix", "gratuitous-arps", "hardware", "hmac", "hop-limit", "host", "host-list", "host-routing", "icmp", "identd", "igmp", "inspect", "internal", "ips",
    "irdp", "isis", "kerberos", "large-community-list", "load-sharing", "local", "mfib", "mld", "mobile", "mpls", "mroute",
    "mrm", "msdp", "mtu", "multicast", "multicast-routing", "name-server", "nbar", "nd", "neighbor", "netmask-format",
    "nhrp", "options", "ospf", "path-mtu-discovery", "pgm", "pim", "ping", "policy", "policy-list", "port-map",
    "prefix-list", "queue-depth", "radius", "rarp-server", "rcmd", "redirect", "reflexive-list", "rip", "router",
    "routing", "rsvp", "rtcp", "scp", "sdr", "security", "sla", "slb", "snmp", "soft-timer", "source", "source-route", "spd", "ssh", "sticky-arp",
    "subnet-zero", "tacacs", "tcp", "telnet", "tftp", "traffic-export", "traffic-mib", "udp", "unicast", "unicast-routing", "urlfilter", "unreachables",
    "verify", "virtual-reassembly", "virtual-router", "wccp", "conflict-policy", "virtual", "assembler",
    "evc", "fhrp", "rpf", "redirects", "cfg-table", "load", "address-family", "hello-interval", "authentication", "assured-forwarding", "sctp",
];

/// In an interface.
pub(super) const INTERFACE: &[&str] = &[
    "access-session", "address-family", "ancp", "arp", "authentication", "auto-cost", "autostate", "auto", "backup",
    "bandwidth", "beacon", "bfd", "bgp-policy", "bridge-group", "bundle", "cable", "carrier-delay", "cdp", "cell-packing", "channel-group",
    "channel-protocol", "chromatic-dispersion", "class", "clns", "clock", "compress", "controller", "cos", "crc", "crypto", "cts",
    "dampening", "default", "delay", "device-tracking", "dialer", "dialer-group", "disable", "dot1q", "dot1x",
    "down-when-looped", "dsl", "duplex", "eapol", "eee", "efp", "encapsulation", "error-correction", "errdisable", "ethernet", "evpn", "exit", "fabric", "fair-queue", "fcot",
    "fec", "fex", "flow", "flowcontrol", "fpd", "frame-relay", "framing", "full-duplex", "global", "glbp",
    "half-duplex", "hardware", "hold-queue", "host-reachability", "hsrp", "ingress-replication", "inherit", "isdn", "isis", "keepalive",
    "l2protocol", "l2protocol-tunnel", "l2transport", "l2vpn", "lacp", "lag", "link", "link-profile", "lldp", "llc", "load-balancing", "load-interval", "local-proxy-arp", "location", "logging",
    "loopback", "loopguard", "mac", "mac-address", "macsec", "map-group", "max-reserved-bandwidth", "mdix", "media-type", "medium", "member", "metro", "mka", "mld", "mls", "mode", "modem", "monitor",
    "mop", "mpls", "mtu", "multicast", "negotiate", "negotiation", "ngoam", "ntp", "open-delay", "ospf", "ospfv3", "overload-control", "packet",
    "pagp", "peer", "peer-ip", "pfc", "phone", "phys-port", "physical-port-policy", "platform", "plim", "poe", "policy", "port", "port-channel", "port-security", "port-type",
    "power", "ppp", "pppoe", "pppoe-client", "preempt", "priority", "priority-flow-control", "private-vlan", "proxy-arp",
    "ptp", "qos", "queue-limit", "queue-set", "queueing", "rate-limit", "random-detect", "rate-mode", "redundancy", "remote", "retry", "rewrite", "rmon", "router", "scheduler",
    "serial", "service", "service-instance", "service-module", "service-policy", "sflow", "shape", "signalling", "site-of-origin", "snmp", "source", "source-interface",
    "spanning-tree", "speed", "srr-queue", "standby", "storm-control", "suppress-arp", "switchport", "sync-restart-delay", "system", "tag-switching", "tap", "template", "timer",
    "timers", "track", "traffic-policy", "transceiver", "transmit-interface", "trunk", "trust", "tunnel", "tx-queue", "tx-ring-limit", "udld", "ultra-low-latency", "use-bia",
    "vlan", "vn-segment", "vni", "vpc", "vrrp", "vtp", "vxlan", "wan-mode", "weighting", "wrr-queue", "xconnect", "zoning", "attach", "name", "mcast-group",
    "advertise", "virtual-address", "address", "sampler", "routing", "telemetry", "dscp", "peer-filter", "hsr", "prp", "synchronous", "network-clock", "g709",
    "bundle-port", "link-protocol", "energywise", "ipx", "appletalk", "vasi", "vlan-id", "flow-control", "delivery", "pim", "igmp", "nv", "shelf", "span", "lapb", "x25", "pvc", "atm", "bridge-domain", "ip-arp", "hw-module",
    "mpls-experimental", "tcp", "mvrp", "stackwise-virtual", "dual-active", "ipv4-mtu", "lre", "mux", "sdwan", "snmp-server", "media", "isolated", "community",
];

/// After `ip`, `ipv4` and `ipv6` in an interface.
pub(super) const IP_IN_INTERFACE: &[&str] = &[
    "accounting", "admission", "arp", "attached-host", "authentication", "auth-proxy", "autoconfig", "bandwidth-percent", "bgp", "broadcast-address", "cef", "cgmp",
    "ddns", "delay", "destination-guard", "dhcp", "dampening-change", "directed-broadcast", "distribute-list", "domain", "dvmrp", "eigrp", "enable", "fabric", "flow", "forward", "forward-protocol", "flowspec", "hello-interval",
    "helper-address", "hold-time", "icmp", "igmp", "information-reply", "inspect", "ips", "irdp", "isis", "load-sharing", "local-proxy-arp", "link-local",
    "mask-reply", "mfib", "mld", "mobile", "mrm", "mroute", "mroute-cache", "msdp", "mtu", "multicast", "nbar", "nd", "neighbor", "next-hop-self", "nhrp", "ospf", "passive-interface", "pim",
    "point-to-point", "policy", "port-unreachable", "probe", "proxy-arp", "radius", "rarp-server", "redirect", "redirects", "rgmp", "rip", "route-cache",
    "router", "rsvp", "rtp", "sap", "sdr", "security", "shortcut", "sla", "snooping", "source-guard", "split-horizon", "sticky-arp", "summary-address", "sub", "tcp", "traffic-export", "ttl-propagate", "unreachables", "urd",
    "verify", "virtual-reassembly", "virtual-router", "vrrp", "wccp", "options", "unicast", "virtual", "hsrp", "mtu-discovery", "conflict", "tunnel", "unreachable", "lisp", "ospfv3",
];

/// In a terminal line.
pub(super) const LINE: &[&str] = &[
    "absolute-timeout", "accounting", "activation-character", "aaa", "authorization", "autobaud", "autocommand", "autohangup", "autoselect", "buffer-length", "callback", "databits", "data-character-bits",
    "disconnect-character", "default-value", "domain-lookup", "editing", "escape-character", "exec", "exec-character-bits", "exec-timeout", "flowcontrol",
    "flush-at-activation", "full-help", "flush", "history", "hold-character", "insecure", "international", "ip", "ipv6", "length", "location", "lockable", "logging", "login",
    "logout-warning", "media-type", "modem", "monitor", "motd-banner", "no", "notify", "padding", "parity", "password", "prc-interpreter", "privilege",
    "private", "refuse-message", "rotary", "rxspeed", "secret", "session", "session-disconnect-warning", "session-limit", "session-timeout", "speed", "start-character",
    "stop-character", "stopbits", "script", "special-character-bits", "state", "telnet", "terminal-type", "terminal", "timestamp", "timeout", "txspeed", "users", "vacant-message", "width", "x25", "exit", "usergroup", "cli", "pager", "exec-banner",
    "stopbits", "idle-timeout", 
];
