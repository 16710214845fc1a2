//! What a parser says of a configuration, fit to be shown: somebody may have put a secret where it does not belong.
//!
//! Comes in: a parser's sentence. Goes out: the same without values of the file, or the problem that a command ends with.
//! Names of fields stay.

use std::ops::Range;
use std::path::Path;

use crate::problem::Problem;

/// What a parser did not take of the file at `path`, which says `text`: a field that there is not, by its name; anything else
/// in the parser's own words, without the values that it quotes, with the line where the place is known.
pub fn refused(path: &Path, text: &str, said: &str, at: Option<Range<usize>>) -> Problem {
    let unknown = said.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
    if let Some((field, _)) = unknown {
        return Problem::usage("config-unknown-field").with("path", path).field(field);
    }
    let file = path.file_name().unwrap_or(path.as_os_str()).display();
    let before = at.and_then(|at| text.get(..at.start)).unwrap_or_default();
    let place = format!("{file}:{}", before.matches('\n').count() + 1);
    Problem::usage("config-invalid").with("path", path).with("detail", without_values(said)).field(place)
}

/// Without the value that the parser quotes, between the first quotation mark and the last, for a value may have some of its
/// own; a word that is none of those that may stand there it quotes first, in marks as for names.
pub fn without_values(said: &str) -> String {
    let word = said.strip_prefix("unknown variant `");
    let parts = match word {
        Some(rest) => Some(("unknown variant ", rest.find("`, expected ").map(|end| &rest[end + 1..]))),
        None => {
            said.split_once('"').map(|(before, rest)| (before, rest.rsplit_once('"').map(|(_, after)| after)))
        }
    };
    match parts {
        Some((before, after)) => format!("{before}…{}", after.unwrap_or_default()),
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    #[test]
    fn a_file_that_is_not_taken_is_told_by_field_or_line() {
        let (path, text) = (Path::new("/a/config.toml"), "one = 1\ntwo = \"secret\"\n");
        let unknown = refused(path, text, "unknown field `two`, expected `one`", Some(8..11));
        assert_eq!(
            (unknown.code(), &unknown.json()["error"]["field"]),
            ("config-unknown-field", &"two".into())
        );
        let wrong = refused(path, text, "invalid type: string \"secret\", expected u16", Some(14..22));
        assert_eq!(
            (wrong.code(), &wrong.json()["error"]["field"]),
            ("config-invalid", &"config.toml:2".into())
        );
        assert!(!wrong.json().to_string().contains("secret") && wrong.sentence(Lang::Zh).contains("u16"));
        let nowhere = refused(path, text, "missing field `three`", None);
        assert_eq!(nowhere.json()["error"]["field"], "config.toml:1");
    }

    #[test]
    fn values_are_left_out_and_names_stay() {
        for (said, told) in [
            (r#"invalid type: string "se\"cr\"et", expected u16"#, "invalid type: string …, expected u16"),
            (r#"invalid value: string "secret"#, "invalid value: string …"),
            (
                "unknown variant `se`cret`, expected `ask` or `refuse`",
                "unknown variant …, expected `ask` or `refuse`",
            ),
            ("unknown variant `secret`", "unknown variant …"),
            ("missing field `listen`", "missing field `listen`"),
        ] {
            assert_eq!(without_values(said), told);
        }
    }
}
