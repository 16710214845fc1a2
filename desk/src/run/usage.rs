//! Reading the arguments, and saying what is wrong with them.

use std::ffi::OsString;

use clap::error::{ContextKind, ErrorKind};
use clap::{Error, ValueEnum};

use crate::console::Console;
use crate::lang::Lang;
use crate::problem::Problem;
use crate::run::{Program, Voice, help};

/// `--json` and `--lang` as far as they can be told before the arguments are understood.
pub(super) fn overheard(args: &[OsString]) -> Voice {
    let mut voice = Voice::default();
    let mut words = args.iter().skip(1).filter_map(|word| word.to_str()).take_while(|&word| word != "--");
    while let Some(word) = words.next() {
        match word.split_once('=').unwrap_or((word, "")) {
            ("--json", "") => voice.json = true,
            ("--lang", "") => voice.lang = words.next().and_then(lang),
            ("--lang", value) => voice.lang = lang(value),
            _ => {}
        }
    }
    voice
}

fn lang(value: &str) -> Option<Lang> {
    Lang::from_str(value, false).ok()
}

pub(super) fn parse<P: Program>(args: &[OsString], lang: Lang) -> Result<P, Error> {
    let mut command = help::localised(P::command(), lang);
    let mut matches = command.try_get_matches_from_mut(args)?;
    P::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}

/// What is wrong, as a problem of ours; `None` where clap's own text is to be printed: help, version, and, to a person
/// who reads English, everything.
pub(super) fn problem(error: &Error, console: &dyn Console) -> Option<Problem> {
    if !error.use_stderr() || (console.lang() == Lang::En && !console.json()) {
        return None;
    }
    let said = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let (id, field) = match error.kind() {
        ErrorKind::UnknownArgument => ("usage-unknown-argument", said(ContextKind::InvalidArg)),
        ErrorKind::InvalidSubcommand => ("usage-unknown-command", said(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => ("usage-argument-missing", said(ContextKind::InvalidArg)),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            ("usage-value", said(ContextKind::InvalidArg))
        }
        ErrorKind::ArgumentConflict => ("usage-conflict", said(ContextKind::InvalidArg)),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ("usage-no-command", said(ContextKind::ValidSubcommand))
        }
        _ => ("usage", String::new()),
    };
    let rendered = error.to_string();
    let first = rendered.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let problem = Problem::usage(id)
        .with("got", said(ContextKind::InvalidValue))
        .with("other", said(ContextKind::PriorArg))
        .with("detail", first)
        .doing("doing-arguments");
    Some(if field.is_empty() { problem } else { problem.field(field) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(args: &[&str]) -> Voice {
        overheard(&args.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn voice_is_overheard_wherever_it_stands() {
        assert_eq!(
            heard(&["x", "job", "--lang", "zh", "--json"]),
            Voice { json: true, lang: Some(Lang::Zh) }
        );
        assert_eq!(heard(&["x", "--lang=en"]), Voice { json: false, lang: Some(Lang::En) });
        assert_eq!(heard(&["x", "--lang", "fr"]), Voice::default());
        assert_eq!(heard(&["x", "--", "--json"]), Voice::default());
        assert_eq!(heard(&["--json"]), Voice::default());
    }
}
