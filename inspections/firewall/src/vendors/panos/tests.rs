//! Behaviour of the PAN-OS parser.
