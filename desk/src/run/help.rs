//! Help in the reader's language.
//!
//! The message `help-node-job-join` describes `lianfang-node job join`; its attribute `.example` stands below, and an
//! attribute named as an option or argument (`.dir`, `.match-threshold`) describes that. Where there is no message the
//! doc comment in the code stays. Options that every command has are described once, in `help-shared`.

use std::sync::LazyLock;

use clap::{Arg, Command};

use crate::lang::Lang;
use crate::messages::{has, text};

/// Words that clap keeps for good, and so must live as long as the program.
struct Headings {
    arguments: String,
    options: String,
    commands: String,
}

impl Headings {
    fn of(lang: Lang) -> Self {
        let word = |id| text(lang, id, &[]);
        Self {
            arguments: word("help-arguments"),
            options: word("help-options"),
            commands: word("help-commands"),
        }
    }
}

static ENGLISH: LazyLock<Headings> = LazyLock::new(|| Headings::of(Lang::En));
static CHINESE: LazyLock<Headings> = LazyLock::new(|| Headings::of(Lang::Zh));

fn name(command: &Command) -> &str {
    command.get_name().trim_start_matches("lianfang-")
}

/// The command with every text that a message file has.
pub(super) fn localised(mut command: Command, lang: Lang) -> Command {
    let id = format!("help-{}", name(&command));
    command.build();
    under(command, &id, lang)
}

fn under(command: Command, id: &str, lang: Lang) -> Command {
    let headings: &'static Headings = match lang {
        Lang::En => &ENGLISH,
        Lang::Zh => &CHINESE,
    };
    let usage = text(lang, "help-usage", &[]);
    let mut command = command
        .help_template(format!(
            "{{before-help}}{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}{{after-help}}\n"
        ))
        .subcommand_help_heading(headings.commands.as_str())
        .mut_args(|arg| described(arg, id, lang, headings))
        .mut_subcommands(|sub| {
            if sub.get_name() == "help" {
                return sub.about(text(lang, "help-command", &[]));
            }
            let id = format!("{id}-{}", sub.get_name());
            under(sub, &id, lang)
        });
    if has(id) {
        let about = text(lang, id, &[]);
        command = command.about(about.clone()).long_about(about);
    }
    let example = format!("{id}.example");
    if has(&example) { command.after_help(text(lang, &example, &[])) } else { command }
}

fn message_of(arg: &Arg, id: &str) -> Option<String> {
    let name = arg.get_id().as_str().replace('_', "-");
    [format!("{id}.{name}"), format!("help-shared.{name}")].into_iter().find(|id| has(id))
}

fn described(arg: Arg, id: &str, lang: Lang, headings: &'static Headings) -> Arg {
    let heading = if arg.is_positional() { &headings.arguments } else { &headings.options };
    let arg = match message_of(&arg, id) {
        Some(message) => {
            let help = text(lang, &message, &[]);
            arg.help(help.clone()).long_help(help)
        }
        None => arg,
    };
    if arg.get_help_heading().is_none() { arg.help_heading(heading.as_str()) } else { arg }
}

/// The ids of help messages that a program lacks: to be asserted empty in its tests. A command without subcommands
/// needs its `.example` too.
pub fn undescribed(mut command: Command) -> Vec<String> {
    let id = format!("help-{}", name(&command));
    command.build();
    let mut lacking = Vec::new();
    lacking_under(&command, &id, &mut lacking);
    lacking
}

fn lacking_under(command: &Command, id: &str, lacking: &mut Vec<String>) {
    let mut need = |id: String| {
        if !has(&id) {
            lacking.push(id);
        }
    };
    need(id.to_owned());
    if !command.has_subcommands() {
        need(format!("{id}.example"));
    }
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        if message_of(arg, id).is_none() {
            need(format!("{id}.{}", arg.get_id().as_str().replace('_', "-")));
        }
    }
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        lacking_under(sub, &format!("{id}-{}", sub.get_name()), lacking);
    }
}
