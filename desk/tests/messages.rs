//! Both languages say the same things: the same ids, attributes and variables, file by file.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{
    CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement, Resource,
};
use fluent_syntax::parser;
use lianfang_desk::Lang;
use lianfang_desk::messages::{FILES, sources};

type Messages = BTreeMap<String, BTreeSet<String>>;

fn in_pattern(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            in_expression(expression, found);
        }
    }
}

fn in_expression(expression: &Expression<&str>, found: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => in_inline(inline, found),
        Expression::Select { selector, variants } => {
            in_inline(selector, found);
            for variant in variants {
                in_pattern(&variant.value, found);
            }
        }
    }
}

fn in_inline(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => drop(found.insert(id.name.to_owned())),
        InlineExpression::Placeable { expression } => in_expression(expression, found),
        InlineExpression::FunctionReference { arguments: CallArguments { positional, .. }, .. } => {
            for argument in positional {
                in_inline(argument, found);
            }
        }
        _ => {}
    }
}

fn messages(resource: &Resource<&str>) -> Messages {
    let mut found = Messages::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let id = message.id.name;
        let own = message.value.iter().map(|value| (id.to_owned(), value));
        let attributes = message.attributes.iter().map(|a| (format!("{id}.{}", a.id.name), &a.value));
        for (name, pattern) in own.chain(attributes) {
            let mut variables = BTreeSet::new();
            in_pattern(pattern, &mut variables);
            assert!(found.insert(name.clone(), variables).is_none(), "{name} stands twice");
        }
    }
    found
}

fn parsed(lang: Lang) -> Vec<Messages> {
    let read = |(file, source): (&str, &'static str)| match parser::parse(source) {
        Ok(resource) => messages(&resource),
        Err((_, errors)) => panic!("{}/{file}.ftl: {errors:?}", lang.as_str()),
    };
    FILES.into_iter().zip(sources(lang)).map(read).collect()
}

#[test]
fn both_languages_have_the_same_ids_and_variables() {
    for (file, (en, zh)) in FILES.into_iter().zip(parsed(Lang::En).iter().zip(&parsed(Lang::Zh))) {
        let ids = |messages: &Messages| messages.keys().cloned().collect::<BTreeSet<_>>();
        let alone: Vec<String> = ids(en).symmetric_difference(&ids(zh)).cloned().collect();
        assert!(alone.is_empty(), "{file}.ftl: in one language only: {alone:?}");
        for (id, variables) in en {
            assert_eq!(Some(variables), zh.get(id), "{file}.ftl: the variables of {id}");
        }
    }
}

#[test]
fn no_id_stands_in_two_files() {
    let mut seen = BTreeSet::new();
    for id in parsed(Lang::En).iter().flat_map(BTreeMap::keys) {
        assert!(seen.insert(id), "{id} stands in two files");
    }
}

#[test]
fn every_fault_has_advice_and_all_are_clauses() {
    for lang in Lang::ALL {
        let faults = &parsed(lang)[1];
        for id in faults.keys() {
            let pair = id.strip_suffix("-advice").map_or_else(|| format!("{id}-advice"), ToOwned::to_owned);
            assert!(faults.contains_key(&pair), "{id} stands without {pair}");
            let shown = lianfang_desk::text(lang, id, &[]);
            assert!(!shown.ends_with(['.', '。', '!', '！', ' ']), "{shown} is not a clause");
            assert!(lang == Lang::Zh || !shown.starts_with(char::is_uppercase), "{shown} is not a clause");
        }
    }
}

#[test]
fn chinese_is_chinese() {
    for (id, _) in parsed(Lang::Zh).iter().flatten().filter(|(id, _)| *id != "usage") {
        let shown = lianfang_desk::text(Lang::Zh, id, &[]);
        let chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c) || "：，；".contains(c);
        assert!(shown.chars().any(chinese) || id.starts_with("problem"), "{id}: {shown}");
    }
}
