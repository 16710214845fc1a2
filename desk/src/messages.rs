//! What a person reads: the message files of both languages, embedded.
//!
//! Comes in: a message's id and its arguments. Goes out: text. To add a message, write it in `messages/en/X.ftl` *and*
//! `messages/zh/X.ftl` with the same id and the same variables; a test compares the two trees. Format: Project Fluent,
//! syntax 1.0. `id.attribute` names an attribute. Fails: an id that no file has is a defect; a debug build stops there,
//! a release shows the English text, else the id itself.

use std::path::Path;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::resolver::ResolverError;
use fluent_bundle::resolver::errors::ReferenceKind;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use unic_langid::langid;

use crate::lang::Lang;
use crate::table;

/// The files' names, in one order for both languages.
pub const FILES: [&str; 8] =
    ["shell", "fault", "node", "node-help", "coordinator", "coordinator-help", "demo", "doctor"];

const EN: [&str; 8] = [
    include_str!("../messages/en/shell.ftl"),
    include_str!("../messages/en/fault.ftl"),
    include_str!("../messages/en/node.ftl"),
    include_str!("../messages/en/node-help.ftl"),
    include_str!("../messages/en/coordinator.ftl"),
    include_str!("../messages/en/coordinator-help.ftl"),
    include_str!("../messages/en/demo.ftl"),
    include_str!("../messages/en/doctor.ftl"),
];

const ZH: [&str; 8] = [
    include_str!("../messages/zh/shell.ftl"),
    include_str!("../messages/zh/fault.ftl"),
    include_str!("../messages/zh/node.ftl"),
    include_str!("../messages/zh/node-help.ftl"),
    include_str!("../messages/zh/coordinator.ftl"),
    include_str!("../messages/zh/coordinator-help.ftl"),
    include_str!("../messages/zh/demo.ftl"),
    include_str!("../messages/zh/doctor.ftl"),
];

/// The text of one of [`FILES`], as it is embedded.
pub fn sources(lang: Lang) -> [&'static str; 8] {
    match lang {
        Lang::En => EN,
        Lang::Zh => ZH,
    }
}

/// An argument of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Words; control characters, a peer's escape sequences among them, are replaced when shown.
    Text(String),
    /// A count; shown with its thousands apart, and it chooses singular or plural.
    Number(u64),
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&Path> for Value {
    fn from(value: &Path) -> Self {
        Self::Text(value.display().to_string())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(u64::from(value))
    }
}

impl From<u16> for Value {
    fn from(value: u16) -> Self {
        Self::Number(u64::from(value))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Number(value as u64)
    }
}

impl Value {
    fn to_fluent(&self) -> FluentValue<'static> {
        match self {
            Self::Text(text) => FluentValue::from(plain(text)),
            Self::Number(number) => FluentValue::from(*number),
        }
    }
}

/// `text` without characters that move a terminal's cursor, hide text or turn its direction.
pub fn plain(text: &str) -> String {
    let disturbs = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if disturbs(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// The message `id` in `lang`. An argument that is not given is shown as a dash, since a peer's fault may lack it.
pub fn text(lang: Lang, id: &str, args: &[(&str, Value)]) -> String {
    let mut given = FluentArgs::with_capacity(args.len());
    for (name, value) in args {
        given.set((*name).to_owned(), value.to_fluent());
    }
    let found = shown(bundle(lang), id, &mut given).or_else(|| shown(&BUNDLES.en, id, &mut given));
    debug_assert!(found.is_some(), "no message file has the id {id}");
    found.unwrap_or_else(|| id.to_owned())
}

/// Whether the message exists in every language.
pub fn has(id: &str) -> bool {
    Lang::ALL.into_iter().all(|lang| shown(bundle(lang), id, &mut FluentArgs::new()).is_some())
}

type Bundle = FluentBundle<FluentResource>;

struct Bundles {
    en: Bundle,
    zh: Bundle,
}

static BUNDLES: LazyLock<Bundles> = LazyLock::new(|| Bundles { en: load(Lang::En), zh: load(Lang::Zh) });

fn bundle(lang: Lang) -> &'static Bundle {
    match lang {
        Lang::En => &BUNDLES.en,
        Lang::Zh => &BUNDLES.zh,
    }
}

/// What cannot be read in an embedded file is left out here and found by the tests.
fn load(lang: Lang) -> Bundle {
    let locale = match lang {
        Lang::En => langid!("en"),
        Lang::Zh => langid!("zh-CN"),
    };
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(grouped(number.value)),
        _ => None,
    }));
    for source in sources(lang) {
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(readable, _)| readable);
        let doubled = bundle.add_resource(resource);
        debug_assert!(doubled.is_ok(), "a message id stands twice: {doubled:?}");
    }
    bundle
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made from a u64 by Value alone")]
fn grouped(value: f64) -> String {
    table::number(value.abs() as u64)
}

fn shown(bundle: &Bundle, id: &str, args: &mut FluentArgs<'static>) -> Option<String> {
    let (id, attribute) = id.split_once('.').map_or((id, None), |(id, attribute)| (id, Some(attribute)));
    let message = bundle.get_message(id)?;
    let pattern = match attribute {
        Some(name) => message.get_attribute(name)?.value(),
        None => message.value()?,
    };
    let mut errors = Vec::new();
    let first = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
    let lacking: Vec<String> = errors.drain(..).filter_map(lacking_variable).collect();
    if lacking.is_empty() {
        return Some(first);
    }
    for name in lacking {
        args.set(name, FluentValue::from("–"));
    }
    Some(bundle.format_pattern(pattern, Some(args), &mut errors).into_owned())
}

fn lacking_variable(error: FluentError) -> Option<String> {
    match error {
        FluentError::ResolverError(ResolverError::Reference(ReferenceKind::Variable { id })) => Some(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_words_are_made_harmless() {
        let args = [("wanted", Value::from(4_000_000_u64)), ("party", Value::from("be\u{1b}[2Jta"))];
        let shown = text(Lang::En, "quota-exceeded", &args);
        assert!(shown.contains("4,000,000"), "{shown}");
        assert_eq!(plain("a\u{1b}[2J\n\u{202E}b"), "a\u{FFFD}[2J \u{FFFD}b");
    }

    #[test]
    fn no_isolating_marks_and_an_absent_argument_is_a_dash() {
        for lang in Lang::ALL {
            let shown = text(lang, "malformed-field", &[]);
            assert!(shown.contains('–'), "{shown}");
            assert!(!shown.contains(['\u{2068}', '{', '$']), "{shown}");
        }
    }

    #[test]
    #[should_panic(expected = "no message file has the id")]
    fn an_unknown_id_fails_a_test() {
        text(Lang::Zh, "nobody-wrote-this", &[]);
    }

    #[test]
    fn an_unknown_id_can_be_asked_about() {
        assert!(has("internal"));
        assert!(has("internal-advice"));
        assert!(!has("nobody-wrote-this"));
    }
}
