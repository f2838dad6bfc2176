//! A fictional securities firm, generated from a seed, with its truth.
