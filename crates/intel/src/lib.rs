//! Indicators from plain lists, CSV and STIX.
