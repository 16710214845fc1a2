//! What a parser says of a configuration, fit to be shown: somebody may have put a secret where it does not belong.
//!
//! Comes in: a parser's sentence. Goes out: the same without values of the file. Names of fields stay.

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
