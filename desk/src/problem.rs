//! The one error a command ends with.
//!
//! Comes in: a message id (which is also the stable code), its arguments, the party, the cause. Goes out: one sentence
//! (what failed, at which party, why, what to do) in the reader's language, or one JSON object with English text. Never
//! sees: record data or tags; whoever gives an argument answers for that.

use std::fmt;
use std::io;
use std::path::Path;

use crate::exit::Exit;
use crate::lang::Lang;
use crate::messages::{Value, has, plain, text};

/// Why a command did not do what it was asked, and what its user should do.
pub struct Problem(Box<Inner>);

struct Inner {
    exit: Exit,
    id: String,
    doing: String,
    party: Option<String>,
    args: Vec<(String, Value)>,
    source: Option<anyhow::Error>,
}

impl Problem {
    /// A problem whose sentence is the message `id` and whose remedy is the message `id-advice`.
    pub fn new(exit: Exit, id: impl Into<String>) -> Self {
        let doing = "doing-command".to_owned();
        Self(Box::new(Inner { exit, id: id.into(), doing, party: None, args: Vec::new(), source: None }))
    }

    /// A fault by its code, with the exit code that belongs to it. A code that this version has no sentence for
    /// (a newer peer's) is told as `fault-unknown`.
    pub fn fault(code: &str) -> Self {
        if has(code) && has(&format!("{code}-advice")) {
            Self::new(exit_of(code), code)
        } else {
            Self::new(Exit::Bug, "fault-unknown").with("detail", code)
        }
    }

    /// Bad usage or configuration.
    pub fn usage(id: impl Into<String>) -> Self {
        Self::new(Exit::Usage, id)
    }

    /// Bad input data.
    pub fn data(id: impl Into<String>) -> Self {
        Self::new(Exit::Data, id)
    }

    /// Refused by policy.
    pub fn refused(id: impl Into<String>) -> Self {
        Self::new(Exit::Refused, id)
    }

    /// May succeed later.
    pub fn later(id: impl Into<String>) -> Self {
        Self::new(Exit::Later, id)
    }

    /// A defect of this program; the chain of causes becomes the detail.
    pub fn bug(source: impl Into<anyhow::Error>) -> Self {
        let source = source.into();
        let problem = Self::new(Exit::Bug, "internal").with("detail", format!("{source:#}"));
        problem.because(source)
    }

    /// A command that panicked. The payload may hold what stood in a record, so it is not told.
    pub(crate) fn panicked() -> Self {
        Self::new(Exit::Bug, "internal").with("detail", "panic")
    }

    /// A failed file operation, told by what the operating system says of it.
    pub fn file(path: &Path, error: io::Error) -> Self {
        let (exit, id) = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => (Exit::Later, "disk-full"),
            io::ErrorKind::ReadOnlyFilesystem => (Exit::Later, "disk-read-only"),
            io::ErrorKind::NotFound => (Exit::Usage, "file-not-found"),
            io::ErrorKind::PermissionDenied => (Exit::Usage, "file-not-permitted"),
            _ => (Exit::Later, "file-failed"),
        };
        Self::new(exit, id).with("path", path).with("detail", error.to_string()).because(error)
    }

    /// Names a variable of the message.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.args.retain(|(known, _)| known != name);
        self.0.args.push((name.to_owned(), value.into()));
        self
    }

    /// Names a variable of the message, unless whoever met the problem has named it already.
    #[must_use]
    pub fn unless_named(self, name: &str, value: impl Into<Value>) -> Self {
        if self.0.args.iter().any(|(known, _)| known == name) { self } else { self.with(name, value) }
    }

    /// Names the field that is wrong (the variable `field`).
    #[must_use]
    pub fn field(self, field: impl Into<Value>) -> Self {
        self.with("field", field)
    }

    /// Names the party at which it failed (the variable `party`).
    #[must_use]
    pub fn at(mut self, party: impl Into<String>) -> Self {
        let party = party.into();
        self = self.with("party", party.as_str());
        self.0.party = Some(party);
        self
    }

    /// Says what failed: the id of a message like `doing-command`, "The command did not finish".
    #[must_use]
    pub fn doing(mut self, id: impl Into<String>) -> Self {
        self.0.doing = id.into();
        self
    }

    /// Chooses another exit code than the usual one.
    #[must_use]
    pub fn exiting(mut self, exit: Exit) -> Self {
        self.0.exit = exit;
        self
    }

    /// Keeps the cause for those who look at the chain; it is not part of the sentence.
    #[must_use]
    pub fn because(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.0.exit
    }

    /// The stable code, which is the message's id.
    pub fn code(&self) -> &str {
        &self.0.id
    }

    /// The party at which it failed.
    pub fn party(&self) -> Option<&str> {
        self.0.party.as_deref()
    }

    fn args(&self) -> Vec<(&str, Value)> {
        self.0.args.iter().map(|(name, value)| (name.as_str(), value.clone())).collect()
    }

    /// Why, as a clause without full stop.
    pub fn why(&self, lang: Lang) -> String {
        text(lang, &self.0.id, &self.args())
    }

    /// What to do, as a clause without full stop.
    pub fn advice(&self, lang: Lang) -> String {
        text(lang, &format!("{}-advice", self.0.id), &self.args())
    }

    /// The whole sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        let args = [
            ("doing", text(lang, &self.0.doing, &self.args()).into()),
            ("why", self.why(lang).into()),
            ("advice", self.advice(lang).into()),
            ("party", self.0.party.as_deref().unwrap_or_default().into()),
        ];
        text(lang, if self.0.party.is_some() { "problem-at" } else { "problem" }, &args)
    }

    /// `{"error":{"code","exit","party","field","message","advice"}}`, English whatever the reader's language.
    pub fn json(&self) -> serde_json::Value {
        let field = self.0.args.iter().find(|(name, _)| name == "field").map(|(_, value)| match value {
            Value::Text(field) => plain(field),
            Value::Number(number) => number.to_string(),
        });
        serde_json::json!({"error": {
            "code": self.0.id,
            "exit": self.0.exit.code(),
            "party": self.0.party.as_deref().map(plain),
            "field": field,
            "message": self.why(Lang::En),
            "advice": self.advice(Lang::En),
        }})
    }

    /// What goes to standard error: the sentence, or the object on one line.
    pub fn render(&self, lang: Lang, json: bool) -> String {
        if json { self.json().to_string() } else { self.sentence(lang) }
    }
}

/// The exit code of each code in `fault.ftl`. A peer that breaks the rules of a message is refused by us.
fn exit_of(code: &str) -> Exit {
    match code {
        "unreachable" | "timed-out" | "holders-missing" | "ceremony-failed-missing" | "store-unreachable" => {
            Exit::Unreachable
        }
        "roster-older" | "epoch-unknown" | "generation-changed" | "key-not-agreed" | "consent-pending"
        | "job-not-ready" | "roster-stale" | "ledger-behind" | "disk-full" | "disk-read-only"
        | "directory-busy" | "busy" | "store-busy" | "store-failed" => Exit::Later,
        "job-unknown"
        | "ceremony-unknown"
        | "wrong-passphrase"
        | "config-invalid"
        | "config-unknown-field"
        | "register-header-twice"
        | "store-address"
        | "store-without-servers"
        | "store-newer"
        | "store-foreign"
        | "wrong-keys" => Exit::Usage,
        "register-unreadable"
        | "register-no-record-column"
        | "register-no-identifier-column"
        | "encoding-undecodable"
        | "audit-broken"
        | "store-corrupt" => Exit::Data,
        "internal" => Exit::Bug,
        _ => Exit::Refused,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(Lang::En))
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problem({}, {})", self.0.id, self.sentence(Lang::En))
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::file(Path::new("–"), error)
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(Self::bug)
    }
}

/// Gives a failed file operation the path it was about.
pub trait AtPath<T> {
    /// The value, or the problem with this path in it.
    fn at_path(self, path: impl AsRef<Path>) -> Result<T, Problem>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at_path(self, path: impl AsRef<Path>) -> Result<T, Problem> {
        self.map_err(|error| Problem::file(path.as_ref(), error))
    }
}
