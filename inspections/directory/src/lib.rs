//! Inspection of directory servers and local account policies.
