//! Inspection of firewall rules.
