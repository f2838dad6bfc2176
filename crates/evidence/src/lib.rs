//! Intake: hashing, custody, capped archive readers, recognition by content.
