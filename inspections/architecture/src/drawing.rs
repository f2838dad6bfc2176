//! A diagram as its file says it: boxes, lines and what stands in them, before anything is made of it.
//!
//! Importers ([`crate::import`]) are pure functions from a file's bytes to a [`Drawing`]; what a shape means is decided
//! later, in one place, for all formats.

use std::collections::BTreeMap;

use secdiag_model::Note;
use serde::{Deserialize, Serialize};

/// What one file draws.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawing {
    /// Boxes and containers, in the file's order.
    pub nodes: Vec<Node>,
    /// Lines between them, in the file's order; two nodes may have several.
    pub links: Vec<Link>,
    /// What the file holds that was not understood.
    pub notes: Vec<Note>,
}

/// A box, an icon, a device, or a container of others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Unique in the drawing.
    pub id: String,
    /// What a reader sees on it.
    pub label: String,
    /// Shape, stencil, icon or device kind as the source says it.
    pub shape: String,
    /// The id of the container that it is drawn in.
    pub within: Option<String>,
    /// Whatever else the source says of it.
    pub properties: BTreeMap<String, String>,
    /// Line, page or path in the file.
    pub place: String,
}

/// A line between two nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The id of a node.
    pub from: String,
    /// The id of a node.
    pub to: String,
    /// What is written at it.
    pub label: String,
    /// Whether the source draws it with a direction.
    pub directed: bool,
    /// Whatever else the source says of it.
    pub properties: BTreeMap<String, String>,
    /// Line, page or path in the file.
    pub place: String,
}
