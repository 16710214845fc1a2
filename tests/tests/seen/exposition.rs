//! Reads Prometheus's text format 0.0.4, strictly: what a scraper would refuse is refused here.

use std::collections::{BTreeMap, BTreeSet};

/// One line of numbers.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// What was read: samples, and the kind of every metric.
pub(crate) struct Exposition {
    pub(crate) samples: Vec<Sample>,
    pub(crate) kinds: BTreeMap<String, String>,
}

impl Exposition {
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.samples.iter().find(|sample| {
            sample.name == name
                && labels.iter().all(|(key, value)| sample.labels.get(*key).is_some_and(|have| have == value))
        });
        found.map(|sample| sample.value)
    }
}

fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    text.chars().next().is_some_and(first) && text.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// The metric that a sample belongs to.
fn family<'a>(name: &'a str, kinds: &BTreeMap<String, String>) -> &'a str {
    ["_bucket", "_sum", "_count"]
        .iter()
        .filter_map(|end| name.strip_suffix(end))
        .find(|base| kinds.get(*base).is_some_and(|kind| kind == "histogram"))
        .unwrap_or(name)
}

/// Reads the text, or panics with the line that is wrong.
#[track_caller]
pub(crate) fn read(text: &str) -> Exposition {
    assert!(text.ends_with('\n'), "the last line ends");
    let (mut kinds, mut helped) = (BTreeMap::new(), BTreeSet::new());
    let mut samples: Vec<Sample> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("no help: {line}"));
            assert!(is_name(name) && !help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or_else(|| panic!("no type: {line}"));
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "twice: {line}");
        } else {
            let sample = sample(line);
            let family = family(&sample.name, &kinds);
            assert!(kinds.contains_key(family) && helped.contains(family), "no type or help before: {line}");
            samples.push(sample);
        }
    }
    let unique: BTreeSet<_> = samples.iter().map(|sample| (&sample.name, &sample.labels)).collect();
    assert_eq!(unique.len(), samples.len(), "no series twice");
    Exposition { samples, kinds }
}

#[track_caller]
fn sample(line: &str) -> Sample {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').unwrap_or_else(|| panic!("not closed: {line}"))),
        None => (series, ""),
    };
    assert!(is_name(name), "{line}");
    let pairs = labels.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or_else(|| panic!("no label: {line}"));
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = value.unwrap_or_else(|| panic!("not quoted: {line}"));
        assert!(is_name(key) && !value.contains(['"', '\\', '\n']), "{line}");
        (key.to_owned(), value.to_owned())
    });
    Sample { name: name.to_owned(), labels: pairs.collect(), value }
}

#[test]
fn what_a_scraper_would_refuse_is_refused() {
    let good = "# HELP a_total Some.\n# TYPE a_total counter\na_total{x=\"y\"} 3\n";
    assert_eq!(read(good).value("a_total", &[("x", "y")]), Some(3.0));
    for bad in ["a 1\n", "# HELP a b\n# TYPE a gauge\na{x=y} 1\n", "# HELP a b\n# TYPE a gauge\na one\n"] {
        assert!(std::panic::catch_unwind(|| read(bad)).is_err(), "{bad}");
    }
}
