//! What a question is about: an empty answer says that it is one, and what there would be to ask.

use anyhow::Result;
use secdiag_store::Store;

use crate::args::UsageError;
use crate::{Exit, out};

/// How a firm without a name is called in messages.
const UNNAMED: &str = "(no name)";

/// Refuses a firm that the workspace does not know, with those that it knows.
pub(crate) async fn firm(store: &Store, firm: Option<&str>) -> Result<()> {
    let Some(name) = firm else { return Ok(()) };
    let known = store.firms().await?;
    if known.iter().any(|known| known == name) {
        return Ok(());
    }
    let problem = format!("the workspace knows no firm `{name}`");
    Err(UsageError(if known.is_empty() {
        format!("{problem}, nor any other: `secdiag diagnose`, `import` or `register import` bring one in")
    } else {
        format!("{problem}; it knows: {}", listed(&known))
    })
    .into())
}

/// The firm whose things of a kind are meant: the one named, else the only one that has any.
pub(crate) async fn only_firm(store: &Store, named: &str, entity: &str) -> Result<String> {
    if !named.is_empty() {
        firm(store, Some(named)).await?;
        return Ok(named.to_owned());
    }
    match store.firms_with(entity).await?.as_slice() {
        [] => Ok(String::new()),
        [one] => Ok(one.clone()),
        several => {
            let text = format!("several firms have entries of this kind: name one with --firm ({})", listed(several));
            Err(UsageError(text).into())
        }
    }
}

/// Says on standard error that there is nothing to list, and why or what to do; exit code 3.
pub(crate) fn nothing(why: &str) -> Exit {
    out::error(why);
    Exit::NothingToInspect
}

/// Names for a message.
pub(crate) fn listed(names: &[String]) -> String {
    let named = |name: &String| if name.is_empty() { UNNAMED.to_owned() } else { name.clone() };
    names.iter().map(named).collect::<Vec<_>>().join(", ")
}
