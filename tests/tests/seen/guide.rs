//! What the books say is there: every metric, every check, and rules of alerts that name metrics which exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lianfang_telemetry::metrics::ALL;

/// The book in both languages, and how its table of events begins in each.
const BOOKS: [(&str, &str); 2] =
    [("docs/operations.md", "| event | what to do |"), ("docs/operations.zh.md", "| 事件 | 怎么办 |")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The metrics that a text names.
fn named(text: &str) -> Vec<String> {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    text.split(|c| !plain(c)).filter(|word| word.starts_with("lianfang_")).map(str::to_owned).collect()
}

fn is_known(name: &str) -> bool {
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    ALL.iter().any(|metric| metric.name == name || metric.name == base)
}

#[test]
fn the_books_tell_of_every_metric() {
    for (path, _) in BOOKS {
        let book = read(path);
        for metric in ALL {
            assert!(book.contains(&format!("`{}`", metric.name)), "{path} lacks {}", metric.name);
        }
        for name in named(&book) {
            assert!(is_known(&name), "{path} names {name}, which there is not");
        }
    }
}

/// What a book says in the machine's words: what stands between backticks, and the lines of commands and settings, without
/// the remarks beside them.
fn verbatim(book: &str) -> BTreeSet<String> {
    let spans = book.split('`').skip(1).step_by(2);
    let lines = book.lines().filter_map(|line| line.strip_prefix("    "));
    let lines = lines.map(|line| line.split("  # ").next().unwrap_or_default());
    spans.chain(lines).map(|said| said.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Commands, settings, names and codes do not depend on the language.
#[test]
fn the_books_say_the_same_in_both_languages() {
    let [english, chinese] = BOOKS.map(|(path, _)| verbatim(&read(path)));
    assert!(english.len() > 100, "the books were read");
    let alone: Vec<&String> = english.symmetric_difference(&chinese).collect();
    assert!(alone.is_empty(), "said in one language alone: {alone:?}");
}

/// The rules are YAML of the few forms that Prometheus's rules have; each has what a rule needs.
#[test]
fn the_rules_of_alerts_are_rules() {
    let text = read("packaging/prometheus/alerts.yml");
    assert!(text.starts_with("groups:\n"), "{text}");
    assert!(!text.contains('\t'), "YAML is indented by blanks");
    let names = named(&text);
    assert!(names.len() > 10 && names.iter().all(|name| is_known(name)), "{names:?}");
    let rules: Vec<&str> = text.split("\n      - alert: ").skip(1).collect();
    assert!(rules.len() >= 10, "{} rules", rules.len());
    for rule in rules {
        let name = rule.lines().next().unwrap_or_default();
        assert!(name.starts_with("Lianfang") && name.chars().all(char::is_alphanumeric), "{name}");
        for field in
            ["\n        expr: ", "\n        for: ", "\n          severity: ", "\n          summary: "]
        {
            assert!(rule.contains(field), "{name} lacks {field:?}");
        }
        let expression = rule.lines().find_map(|line| line.trim().strip_prefix("expr: ")).expect("one line");
        let depth = expression.chars().try_fold(0_i32, |depth, c| match c {
            '(' => Some(depth + 1),
            ')' => (depth > 0).then_some(depth - 1),
            _ => Some(depth),
        });
        assert_eq!(depth, Some(0), "{name}: {expression}");
    }
}

/// The table of checks has a line for every message of the doctor that something is wrong.
#[test]
fn the_books_tell_of_every_check() {
    let messages = read("desk/messages/en/doctor.ftl");
    let wrong = messages.lines().filter_map(|line| line.split_once("-advice = ").map(|(id, _)| id));
    let wrong: Vec<&str> = wrong.collect();
    assert!(wrong.len() > 20, "the messages were read");
    for (path, _) in BOOKS {
        let book = read(path);
        for id in &wrong {
            assert!(book.contains(&format!("`{id}`")), "{path} lacks {id}");
        }
    }
}

/// The sources of the programs that are shipped.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The events of the lines that a source writes; it begins each with its event.
fn events(path: &Path, text: &str) -> Vec<String> {
    let lines = ["error", "warn", "info", "debug", "trace"];
    let lines =
        lines.into_iter().flat_map(|level| text.split(&format!("{level}!(")).skip(1).collect::<Vec<_>>());
    let event = |line: &str| {
        let event = line.trim_start().strip_prefix("event = \"").and_then(|rest| rest.split('"').next());
        let start: String = line.chars().take(60).collect();
        event.unwrap_or_else(|| panic!("{}: a line without its event: {start}", path.display())).to_owned()
    };
    lines.map(event).collect()
}

#[test]
fn a_line_without_an_event_is_found() {
    let path = Path::new("a.rs");
    let good =
        "tracing::warn!(\n    event = \"a.b\",\n    \"said\"\n); tracing::info!(event = \"c.d\", \"said\")";
    assert_eq!(events(path, good), ["a.b", "c.d"]);
    for bad in ["tracing::warn!(\"said\")", "tracing::error!(\n    number,\n    event = \"a.b\")"] {
        assert!(std::panic::catch_unwind(|| events(path, bad)).is_err(), "{bad}");
    }
}

/// The table of events has every line that a program writes, and no other; no line is without an event.
#[test]
fn the_books_tell_of_every_event() {
    let mut files = Vec::new();
    for program in ["node", "coordinator", "link", "store", "desk", "telemetry"] {
        sources(&root().join(program).join("src"), &mut files);
    }
    let mut written = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("text");
        written.extend(events(&file, &text));
    }
    for (path, begins) in BOOKS {
        let book = read(path);
        for event in &written {
            assert!(book.contains(&format!("`{event}`")), "{path} lacks {event}");
        }
        let table = book.split(begins).nth(1).expect("the table");
        let table = table.split("\n\n").next().unwrap_or_default();
        let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
        let told: Vec<&str> =
            first_cells.flat_map(|cell| cell.split('`')).filter(|word| word.contains('.')).collect();
        assert!(told.len() > 30, "{path}: the table was read");
        for event in told {
            assert!(written.contains(event), "{path} names {event}, which there is not");
        }
    }
}

/// A unit's lines are settings with values, under sections, and both are hardened alike.
#[test]
fn the_units_are_hardened() {
    for program in ["node", "coordinator"] {
        let unit = read(&format!("packaging/systemd/lianfang-{program}.service"));
        let mut section = String::new();
        for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                name.clone_into(&mut section);
                continue;
            }
            assert!(
                line.split_once('=').is_some_and(|(key, _)| key.chars().all(char::is_alphanumeric)),
                "{line}"
            );
            assert!(["Unit", "Service", "Install"].contains(&section.as_str()), "{line}");
        }
        for wanted in [
            "Type=notify",
            "WatchdogSec=",
            "LoadCredential=",
            "ProtectSystem=strict",
            "NoNewPrivileges=yes",
            "PrivateTmp=yes",
            "MemoryDenyWriteExecute=yes",
            "SystemCallFilter=@system-service",
            "CapabilityBoundingSet=\n",
            "StateDirectory=",
            "UMask=0077",
            "LimitCORE=0",
        ] {
            assert!(unit.contains(wanted), "{program} lacks {wanted}");
        }
    }
}

/// The words that follow this one in a text.
fn after<'a>(text: &'a str, what: &str) -> Vec<&'a str> {
    text.split(what).skip(1).filter_map(|rest| rest.split_whitespace().next()).collect()
}

/// A command that is copied from a book names the credential that the units hand over, and a grace that is copied ends before
/// the service manager's patience.
#[test]
fn the_books_agree_with_the_units() {
    for program in ["node", "coordinator"] {
        let unit = read(&format!("packaging/systemd/lianfang-{program}.service"));
        let handed = after(&unit, "\nLoadCredential=");
        let [handed] = handed[..] else { panic!("{program}: {handed:?}") };
        let (credential, _) = handed.split_once(':').expect("a name and a file");
        let patience: u64 = after(&unit, "\nTimeoutStopSec=")[0].parse().expect("seconds");
        for (path, graces) in [
            ("docs/operator.md", 1),
            ("docs/operator.zh.md", 1),
            ("docs/airgapped.md", 0),
            ("docs/airgapped.zh.md", 0),
        ] {
            let text = read(path);
            let mut named = after(&text, "--credential ");
            // The table of options has a word for whatever it is.
            named.retain(|name| *name != "NAME`");
            assert!(!named.is_empty() && named.iter().all(|name| *name == credential), "{path}: {named:?}");
            let shown = after(&text, "\n    [serve]\n    grace_seconds = ");
            assert_eq!(shown.len(), graces, "{path}");
            for grace in shown {
                let grace: u64 = grace.parse().expect("seconds");
                assert!(grace + 10 <= patience, "{path}: {grace} of {patience}");
            }
        }
    }
}

/// Every call of the schema is counted by its name, at the party that answers it.
#[test]
fn every_call_has_its_name() {
    let folder = root().join("proto/schema/lianfang/v1");
    let mut of_schema = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("the schema").flatten() {
        let text = std::fs::read_to_string(file.path()).expect("text");
        let mut service = "";
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("service ") {
                service = name.trim_end_matches(" {");
            } else if let Some(call) = line.trim().strip_prefix("rpc ") {
                let method = call.split('(').next().unwrap_or_default();
                of_schema.insert(format!("/lianfang.v1.{service}/{method}"));
            }
        }
    }
    let lists = [lianfang_node::telemetry::CALLS, lianfang_coordinator::telemetry::CALLS];
    let listed = lists.iter().flat_map(|list| list.iter()).map(|call| call.path.to_owned()).collect();
    assert_eq!(of_schema, listed);
}
