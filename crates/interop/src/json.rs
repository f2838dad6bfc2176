//! Large JSON documents, one element of a long array at a time.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

/// One step of a path into a document.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The member of an object with this name.
    Key(&'static str),
    /// Every element of an array.
    Each,
}

/// The document without what lies at `path`: there, every element of the last array is left out.
pub(crate) fn without(text: &str, path: &[Step]) -> Result<Json, String> {
    run(text, Frame { path })
}

/// Calls `take` with the indexes of the arrays passed and every element at `path`, in the order of the file; holds one
/// element at a time.
pub(crate) fn each(text: &str, path: &[Step], take: &mut dyn FnMut(&[usize], Json)) -> Result<(), String> {
    run(text, Walk { path, indexes: &mut Vec::new(), take })
}

/// The whole document.
pub(crate) fn whole(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| explain(&error))
}

/// Why a text is not JSON, as one sentence.
pub(crate) fn explain(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return format!("the file ends in the middle of a JSON value (line {}): it was cut off", error.line());
    }
    // serde_json repeats the position at the end of its text.
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("the file is not valid JSON: {what} at line {}, column {}", error.line(), error.column())
}

fn run<'de, S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut deserializer).map_err(|error| explain(&error))?;
    deserializer.end().map_err(|error| explain(&error))?;
    Ok(value)
}

struct Frame<'p> {
    path: &'p [Step],
}

impl<'de> DeserializeSeed<'de> for Frame<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($value:ty, $make:expr) => {
        fn visit_bool<E>(self, value: bool) -> Result<$value, E> {
            Ok($make(Json::from(value)))
        }
        fn visit_i64<E>(self, value: i64) -> Result<$value, E> {
            Ok($make(Json::from(value)))
        }
        fn visit_u64<E>(self, value: u64) -> Result<$value, E> {
            Ok($make(Json::from(value)))
        }
        fn visit_f64<E>(self, value: f64) -> Result<$value, E> {
            Ok($make(Json::from(value)))
        }
        fn visit_str<E>(self, value: &str) -> Result<$value, E> {
            Ok($make(Json::from(value)))
        }
        fn visit_unit<E>(self) -> Result<$value, E> {
            Ok($make(Json::Null))
        }
    };
}

impl<'de> Visitor<'de> for Frame<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    scalars!(Json, std::convert::identity);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        match self.path {
            [Step::Each] => while seq.next_element::<IgnoredAny>()?.is_some() {},
            [Step::Each, rest @ ..] => {
                while let Some(value) = seq.next_element_seed(Frame { path: rest })? {
                    list.push(value);
                }
            }
            _ => {
                while let Some(value) = seq.next_element()? {
                    list.push(value);
                }
            }
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = match self.path {
                [Step::Key(name), rest @ ..] if key == *name => map.next_value_seed(Frame { path: rest })?,
                _ => map.next_value()?,
            };
            object.insert(key, value);
        }
        Ok(Json::Object(object))
    }
}

struct Walk<'p, 'f> {
    path: &'p [Step],
    indexes: &'p mut Vec<usize>,
    take: &'p mut (dyn FnMut(&[usize], Json) + 'f),
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    scalars!((), drop);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let [Step::Each, rest @ ..] = self.path else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        for index in 0.. {
            self.indexes.push(index);
            let more = if rest.is_empty() {
                let value: Option<Json> = seq.next_element()?;
                let more = value.is_some();
                if let Some(value) = value {
                    (self.take)(self.indexes, value);
                }
                more
            } else {
                seq.next_element_seed(Walk { path: rest, indexes: self.indexes, take: self.take })?.is_some()
            };
            self.indexes.pop();
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match self.path {
                [Step::Key(name), rest @ ..] if key == *name => {
                    map.next_value_seed(Walk { path: rest, indexes: self.indexes, take: self.take })?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Lenient access: a member that is missing or of another type reads as nothing.
pub(crate) trait Lenient {
    /// Text, trimmed; a number or truth value is written out. Empty where there is none.
    fn text(&self, name: &str) -> String;
    /// Elements of an array; empty where there is none. A single object where an array belongs counts as one element.
    fn items(&self, name: &str) -> &[Json];
    /// A member; null where there is none.
    fn at(&self, name: &str) -> &Json;
    /// A number, also where it is written as text.
    fn number(&self, name: &str) -> Option<f64>;
    /// A count, also where it is written as text.
    fn count(&self, name: &str) -> Option<u64>;
}

static NULL: Json = Json::Null;

impl Lenient for Json {
    fn text(&self, name: &str) -> String {
        plain(self.at(name))
    }

    fn items(&self, name: &str) -> &[Json] {
        match self.at(name) {
            Self::Array(list) => list,
            one @ Self::Object(_) => std::slice::from_ref(one),
            _ => &[],
        }
    }

    fn at(&self, name: &str) -> &Json {
        self.get(name).unwrap_or(&NULL)
    }

    fn number(&self, name: &str) -> Option<f64> {
        match self.at(name) {
            Self::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            other => other.as_f64(),
        }
    }

    fn count(&self, name: &str) -> Option<u64> {
        match self.at(name) {
            Self::String(text) => text.trim().parse().ok(),
            Self::Number(number) => number.as_u64().or_else(|| {
                let value = number.as_f64().filter(|value| value.fract() == 0.0 && (0.0..9e15).contains(value))?;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range checked above")]
                Some(value as u64)
            }),
            _ => None,
        }
    }
}

/// A scalar as text.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.trim().to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_element_at_a_time_and_the_rest_apart() {
        let text = r#"{"runs":[{"results":[1,{"a":2}],"tool":"x"},{"results":null},7],"runs2":[3]}"#;
        let path = [Step::Key("runs"), Step::Each, Step::Key("results"), Step::Each];
        let mut seen = Vec::new();
        each(text, &path, &mut |at, value| seen.push((at.to_vec(), value.to_string()))).unwrap();
        assert_eq!(seen, [(vec![0, 0], "1".to_owned()), (vec![0, 1], "{\"a\":2}".to_owned())]);
        let frame = without(text, &path).unwrap();
        assert_eq!(frame.to_string(), r#"{"runs":[{"results":[],"tool":"x"},{"results":null},7],"runs2":[3]}"#);
    }

    #[test]
    fn trouble_is_one_sentence_with_its_place() {
        assert!(whole("{\"a\":").unwrap_err().contains("cut off"));
        assert_eq!(whole("{\n\"a\" 1}").unwrap_err(), "the file is not valid JSON: expected `:` at line 2, column 5");
        assert!(whole(&"[".repeat(100_000)).is_err());
    }
}
