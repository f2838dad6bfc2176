//! One report model, rendered as HTML.
