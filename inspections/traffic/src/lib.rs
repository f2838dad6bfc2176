//! Inspection of packet captures.
