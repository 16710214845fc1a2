//! What is wrong with a configuration, told so that it can be put right: which field, and what it must be.
//!
//! Comes in: the parser's error, or a policy that was read. Goes out: a problem, or the field and its range in a form that
//! needs no translation. Nothing that stands in the file is repeated but names of fields: somebody may have put a secret there.

use std::path::Path;

use lianfang_desk::Problem;
use lianfang_desk::parsed::without_values;

use super::{FILE, Policy};

impl Policy {
    /// The number that is out of its range, if one is, and the range.
    pub(super) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        let numbers = [
            ((5..=10_080).contains(&self.roster_minutes), "policy.roster_minutes", "5–10080"),
            (self.least_threshold >= 2, "policy.least_threshold", "2–65535"),
            (self.least_rows > 0, "policy.least_rows", "1, 2, 3, …"),
            (self.jobs_days > 0, "policy.jobs_days", "1–65535"),
        ];
        numbers.into_iter().find(|(fits, ..)| !fits).map(|(_, field, wanted)| (field, wanted))
    }
}

/// What the parser did not take: a field that there is not, by its name; anything else in the parser's own words, without
/// the values that it quotes, with the line.
pub(super) fn unreadable(path: &Path, text: &str, error: &toml::de::Error) -> Problem {
    let said = error.message();
    let unknown = said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    if let Some((field, _)) = unknown {
        return Problem::usage("config-unknown-field").with("path", path).field(field);
    }
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let place = format!("{FILE}:{}", before.matches('\n').count() + 1);
    Problem::usage("config-invalid").with("path", path).with("detail", without_values(said)).field(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_file_is_not_repeated() {
        let text = "listen = \"127.0.0.1:1\"\nunlock = \"my secret\"\n";
        let error = toml::from_str::<super::super::Config>(text).unwrap_err();
        let problem = unreadable(Path::new("config.toml"), text, &error);
        for lang in lianfang_desk::Lang::ALL {
            assert!(!problem.sentence(lang).contains("my secret"), "{}", problem.sentence(lang));
        }
        assert!(!problem.json().to_string().contains("my secret"));
    }
}
