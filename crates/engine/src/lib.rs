//! Plan, parse, query, judge, score, seal.
