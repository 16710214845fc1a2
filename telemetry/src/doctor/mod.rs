//! What an operator gets wrong: findings, each with its remedy.
//!
//! Comes in: what checks have found. Goes out: a table for people, or an object for scripts, and an exit code: that of the
//! first finding that fails. A warning alone ends with 0. Both programs have their own checks, each a small function that
//! gives a [`Finding`]; what is asked of the machine is the same for both ([`machine`]), what is asked of the settings that
//! they share ([`settings`]), and how old the last backup is ([`copies`]).

pub mod copies;
pub mod machine;
pub mod settings;

use lianfang_desk::messages::{Value, plain, text};
use lianfang_desk::table::Table;
use lianfang_desk::{Console, Exit, Lang, Problem};
use serde_json::json;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In order.
    Ok,
    /// Works, and will not for long.
    Warn,
    /// Does not work.
    Fail,
}

impl State {
    /// As it is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What one check has found.
pub struct Finding {
    check: &'static str,
    state: State,
    exit: Exit,
    /// Whom it is about, where it is about another party.
    party: Option<String>,
    said: Said,
}

enum Said {
    Message { id: &'static str, args: Vec<(&'static str, Value)> },
    Problem(Problem),
}

impl Finding {
    fn new(check: &'static str, state: State, exit: Exit, id: &'static str) -> Self {
        Self { check, state, exit, party: None, said: Said::Message { id, args: Vec::new() } }
    }

    /// In order; the message `id` says what was found.
    pub fn ok(check: &'static str, id: &'static str) -> Self {
        Self::new(check, State::Ok, Exit::Done, id)
    }

    /// Works for now; `id` says what is wrong, and `id-advice` what to do.
    pub fn warn(check: &'static str, id: &'static str) -> Self {
        Self::new(check, State::Warn, Exit::Done, id)
    }

    /// Does not work: a matter of usage or configuration (64), unless told otherwise.
    pub fn fail(check: &'static str, id: &'static str) -> Self {
        Self::new(check, State::Fail, Exit::Usage, id)
    }

    /// Does not work, as another room has said.
    pub fn problem(check: &'static str, problem: Problem) -> Self {
        let (exit, party) = (problem.exit(), problem.party().map(str::to_owned));
        Self { check, state: State::Fail, exit, party, said: Said::Problem(problem) }
    }

    /// What a check gave: a finding, or the problem that kept it from giving one.
    pub fn of(check: &'static str, found: Result<Self, Problem>) -> Self {
        found.unwrap_or_else(|problem| Self::problem(check, problem))
    }

    /// Names a variable of the message. The variable `party` says whom the finding is about, also where another room has
    /// reported it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        if let ("party", Value::Text(party)) = (name, &value) {
            self.party = Some(party.clone());
        }
        if let Said::Message { args, .. } = &mut self.said {
            args.push((name, value));
        }
        self
    }

    /// With another exit code.
    #[must_use]
    pub fn exiting(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// As something that will not work for long, where it was said not to work: another way is left.
    #[must_use]
    pub fn softened(mut self) -> Self {
        self.state = self.state.min(State::Warn);
        self.exit = Exit::Done;
        self
    }

    /// The same, where only a failure is to be said more softly.
    #[must_use]
    pub fn softened_if_failed(self) -> Self {
        if self.state == State::Fail { self.softened() } else { self }
    }

    /// Which check it was.
    pub fn check(&self) -> &'static str {
        self.check
    }

    /// How bad it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// The stable code of what was found: the message's id.
    pub fn code(&self) -> &str {
        match &self.said {
            Said::Message { id, .. } => id,
            Said::Problem(problem) => problem.code(),
        }
    }

    /// Whom it is about.
    pub fn party(&self) -> Option<&str> {
        self.party.as_deref()
    }

    /// What was found, with the party's name where the sentence has none.
    fn shown(&self, lang: Lang) -> String {
        let found = self.sentence(lang);
        match (&self.said, &self.party) {
            (Said::Problem(_), Some(party)) => {
                text(lang, "doctor-found-at", &[("party", party.into()), ("found", found.into())])
            }
            _ => found,
        }
    }

    /// What was found.
    pub fn sentence(&self, lang: Lang) -> String {
        match &self.said {
            Said::Message { id, args } => text(lang, id, args),
            Said::Problem(problem) => problem.why(lang),
        }
    }

    /// What to do about it; empty where there is nothing to do.
    pub fn remedy(&self, lang: Lang) -> String {
        match &self.said {
            _ if self.state == State::Ok => String::new(),
            Said::Message { id, args } => text(lang, &format!("{id}-advice"), args),
            Said::Problem(problem) => problem.advice(lang),
        }
    }
}

/// Says all findings, and how the command ends.
pub fn tell(console: &dyn Console, findings: &[Finding]) -> Exit {
    let failed = findings.iter().find(|finding| finding.state == State::Fail);
    let exit = failed.map_or(Exit::Done, |finding| finding.exit);
    if console.json() {
        let all: Vec<_> = findings.iter().map(object).collect();
        console.out(&json!({ "ok": failed.is_none(), "checks": all }).to_string());
        return exit;
    }
    let lang = console.lang();
    let headers = ["doctor-check", "doctor-state", "doctor-found"].map(|id| text(lang, id, &[]));
    let mut table = Table::new(headers);
    for finding in findings {
        table.row([finding.check.to_owned(), text(lang, state_id(finding.state), &[]), finding.shown(lang)]);
        let remedy = finding.remedy(lang);
        if !remedy.is_empty() {
            table.row([String::new(), String::new(), format!("→ {remedy}")]);
        }
    }
    console.out(&table.render());
    exit
}

fn state_id(state: State) -> &'static str {
    match state {
        State::Ok => "doctor-state-ok",
        State::Warn => "doctor-state-warn",
        State::Fail => "doctor-state-fail",
    }
}

/// English, as everything for scripts.
fn object(finding: &Finding) -> serde_json::Value {
    json!({
        "check": finding.check,
        "state": finding.state.word(),
        "code": finding.code(),
        "party": finding.party().map(plain),
        "sentence": finding.sentence(Lang::En),
        "remedy": finding.remedy(Lang::En),
    })
}

#[cfg(test)]
mod tests;
