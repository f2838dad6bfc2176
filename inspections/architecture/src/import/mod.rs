//! Importers: one file per format, each a pure function from bytes to a [`crate::drawing::Drawing`].
