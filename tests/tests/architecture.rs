//! The rules of the house, held by a machine: which crate may know which, which room may know which, how long a file is,
//! and that every fault can be told in both languages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lianfang_desk::messages::has;
use lianfang_proto::FaultCode;

/// The crates' folders.
const FOLDERS: [&str; 11] = [
    "crypto",
    "proto",
    "trust",
    "store",
    "link",
    "desk",
    "telemetry",
    "ports",
    "node",
    "coordinator",
    "tests",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file under a folder, tests left out.
fn sources(folder: &str) -> Vec<PathBuf> {
    fn under(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" {
                under(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    under(&root().join(folder), &mut found);
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// A file's lines of code: no comment, no blank line, nothing from the in-file tests on.
fn code(text: &str) -> Vec<&str> {
    let body = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).collect()
}

/// The crates of the house that a manifest names, those for its tests left out.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&root().join(folder).join("Cargo.toml")).parse().expect("a manifest");
    let tables = ["dependencies", "build-dependencies"].map(|table| manifest.get(table));
    let named = tables.into_iter().flatten().filter_map(toml::Value::as_table).flat_map(|table| table.keys());
    named.filter_map(|name| name.strip_prefix("lianfang-")).map(str::to_owned).collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let house = BTreeMap::from([
        ("crypto", vec![]),
        ("trust", vec![]),
        ("store", vec!["desk", "trust"]),
        ("link", vec![]),
        ("desk", vec![]),
        ("telemetry", vec!["desk"]),
        ("ports", vec![]),
        ("proto", vec!["trust"]),
        ("node", vec!["crypto", "desk", "link", "ports", "proto", "store", "telemetry", "trust"]),
        ("coordinator", vec!["desk", "link", "ports", "proto", "store", "telemetry", "trust"]),
        (
            "tests",
            vec![
                "coordinator",
                "crypto",
                "desk",
                "link",
                "node",
                "ports",
                "proto",
                "store",
                "telemetry",
                "trust",
            ],
        ),
    ]);
    let workspace: toml::Table = read(&root().join("Cargo.toml")).parse().expect("a manifest");
    let members = workspace["workspace"]["members"].as_array().expect("members");
    let members: BTreeSet<&str> = members.iter().filter_map(toml::Value::as_str).collect();
    assert_eq!(members, house.keys().copied().collect(), "a new crate needs its line here");
    assert_eq!(members, FOLDERS.into_iter().collect(), "a new crate needs its place in the list of folders");
    for (folder, may) in house {
        let knows = dependencies(folder);
        let may: BTreeSet<String> = may.into_iter().map(str::to_owned).collect();
        assert!(knows.is_subset(&may), "{folder} knows {knows:?} and may know {may:?}");
    }
}

/// The trust boundary in the lock file: no path of dependencies leads from the coordinator to the curve, nor to the node.
#[test]
fn the_coordinator_never_links_the_mathematics() {
    let lock: toml::Table = read(&root().join("Cargo.lock")).parse().expect("a lock file");
    let packages = lock["package"].as_array().expect("packages");
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().expect("a name");
        let needs = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
        let needs = needs.filter_map(|need| need.as_str()?.split(' ').next());
        edges.entry(name).or_default().extend(needs);
    }
    let (mut reached, mut open) = (BTreeSet::new(), vec!["lianfang-coordinator"]);
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            open.extend(edges.get(name).into_iter().flatten());
        }
    }
    assert!(reached.contains("lianfang-trust"), "the graph was read");
    for never in ["lianfang-crypto", "lianfang-node", "frost-ristretto255", "voprf"] {
        assert!(!reached.contains(never), "the coordinator links {never}");
    }
}

/// Asserts that no source of the folder holds one of the words in its code.
fn never_says(folder: &str, words: &[&str]) {
    never_says_but(folder, words, &[]);
}

/// The same, but for some files.
fn never_says_but(folder: &str, words: &[&str], exempt: &[&str]) {
    for path in sources(folder) {
        if exempt.iter().any(|file| path.ends_with(file)) {
            continue;
        }
        let text = read(&path);
        for line in code(&text) {
            for word in words {
                assert!(!line.contains(word), "{} says {word}: {line}", path.display());
            }
        }
    }
}

#[test]
fn holder_and_pipeline_never_meet() {
    never_says("node/src/key_holder", &["pipeline"]);
    never_says("node/src/pipeline", &["key_holder"]);
    never_says(
        "node/src/key_holder",
        &["crate::register", "crate::normalise", "crate::ingest", "crate::report"],
    );
}

#[test]
fn the_normaliser_touches_nothing() {
    let world =
        ["std::fs", "std::io", "std::net", "std::env", "std::time", "tokio", "sqlx", "rand", "async fn"];
    never_says("node/src/normalise", &world);
}

#[test]
fn the_mathematics_touches_nothing() {
    let world = ["std::fs", "std::net", "std::env", "std::time", "tokio", "tracing", "println", "async fn"];
    // Which engine computes is the machine's matter: that file asks the CPU, and one variable.
    never_says_but("crypto/src", &world, &["crypto/src/lanes/engine.rs"]);
}

/// Data flows one way: a stage never names a later one.
#[test]
fn stages_flow_one_way() {
    let stages = ["blind", "evaluate", "finalise", "submit"];
    for (place, stage) in stages.iter().enumerate() {
        let file = root().join("node/src/pipeline").join(format!("{stage}.rs"));
        let text = read(&file);
        for later in &stages[place + 1..] {
            let names = [format!("super::{later}"), format!("pipeline::{later}")];
            let named = code(&text).into_iter().find(|line| names.iter().any(|name| line.contains(name)));
            assert!(named.is_none(), "{stage} names {later}: {named:?}");
        }
    }
    // `weave.rs` is the arrow itself: it hands each stage what the one before it has made.
    for file in ["mod.rs", "slices.rs"] {
        let text = read(&root().join("coordinator/src/report").join(file));
        let earlier =
            code(&text).into_iter().find(|line| line.contains("matching") || line.contains("intake"));
        assert!(earlier.is_none(), "report/{file}: {earlier:?}");
    }
    never_says("coordinator/src/matching", &["crate::disclosure", "crate::report"]);
    never_says("coordinator/src/intake", &["crate::matching", "crate::disclosure", "crate::report"]);
}

/// Time and chance come through ports, which are chosen where everything is put together; the crate of that name alone asks
/// the machine. What remains is told in its README.
#[test]
fn nobody_reaches_for_time_or_chance() {
    let ours = ["SystemTime::now", "Timestamp::now", "SysRng", "rand::rng()", "thread_rng"];
    // How long a server may take for a query, and what a chunk costs on this machine: neither is of a federation's time.
    let measured = ["bench.rs", "ingest/sql/mod.rs", "ingest/sql/outlet.rs", "ingest/sql/postgres.rs"];
    for folder in ["node/src", "coordinator/src"] {
        never_says(folder, &ours);
        never_says_but(folder, &["Instant::now", "tokio::time"], &measured);
    }
}

#[test]
fn files_are_short() {
    for path in FOLDERS.iter().flat_map(|folder| sources(&format!("{folder}/src"))) {
        let lines = code(&read(&path)).len();
        assert!(lines < 400, "{} has {lines} lines of code", path.display());
    }
}

#[test]
fn no_room_has_a_name_that_says_nothing() {
    for path in FOLDERS.iter().flat_map(|folder| sources(&format!("{folder}/src"))) {
        let named = path.iter().any(|part| {
            let part = part.to_string_lossy();
            ["utils", "util", "common", "helpers", "helper", "manager", "types"]
                .contains(&part.trim_end_matches(".rs"))
        });
        assert!(!named, "{}", path.display());
    }
}

#[test]
fn every_fault_can_be_told_in_both_languages() {
    for code in FaultCode::ALL {
        let id = code.code();
        assert!(has(id), "{id} has no sentence");
        assert!(has(&format!("{id}-advice")), "{id} has no advice");
    }
}

/// Every message that a program asks for by name is there.
#[test]
fn every_problem_has_its_sentence() {
    let calls = [
        "Problem::usage(\"",
        "Problem::data(\"",
        "Problem::refused(\"",
        "Problem::later(\"",
        "Problem::fault(\"",
    ];
    let mut found = 0;
    for path in ["desk", "store", "node", "coordinator", "tests"]
        .iter()
        .flat_map(|folder| sources(&format!("{folder}/src")))
    {
        let text = read(&path);
        let body = code(&text).join("\n");
        for call in calls {
            for rest in body.split(call).skip(1) {
                let id = rest.split('"').next().unwrap_or_default();
                assert!(has(id) && has(&format!("{id}-advice")), "{}: {id} lacks a sentence", path.display());
                found += 1;
            }
        }
    }
    assert!(found > 20, "the calls were found");
}
