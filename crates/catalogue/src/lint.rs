//! Proves that the catalogue is whole.

/// Something wrong with the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// File or id.
    pub place: String,
    /// What is wrong and what to do.
    pub text: String,
}

/// A check of the binary, for comparing with the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct KnownCheck {
    /// Slug.
    pub id: &'static str,
}
