//! `import`: reads a register, or shows what would be read.

use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;

use lianfang_desk::table::Table;
use lianfang_desk::{Call, Console, Exit, Problem, Progress};
use serde_json::{Value, json};

use super::input::{self, Input};
use super::rejects::RejectsFile;
use super::{args, tell};
use crate::app::App;
use crate::ingest::{RegisterFile, Rejects};
use crate::register::{Doubt, ImportError, ImportOptions, ImportSummary, Origin, Source};

/// The code of a file that changed while it was read.
const CHANGED: &str = "register-changed";

pub(super) async fn run(node: &Arc<App>, args: &args::Import, call: &Call) -> Result<Exit, Problem> {
    let Input { register, name, rejects, full, origin } = input::open(node, args, call).await?;
    let found = found(&register);
    let path = args.rejects.as_ref().map_or(rejects, |given| call.path(given));
    let (place, file) = RejectsFile::begin(&path, origin.as_ref().map(Origin::identity))?;
    let rejects = Rejects::new(BufWriter::new(file), call.console.lang());
    let mut rejects = rejects.map_err(|error| unwritten(error, &path))?;
    let full = full || args.full;
    let (retract_many, dry_run) = (args.retract_many, args.dry_run);
    let what = ImportOptions { full, retract_many, dry_run, today: node.today() };
    let label = call.console.text("node-importing", &[]);
    let console = Arc::clone(&call.console);
    let tick = move |rows| console.progress(&Progress::so_far(label.clone(), rows));
    let source = Source::from(register).of_origin(origin);
    let done = node.register.import(source, what, &mut rejects, tick).await;
    // Whoever is asked to correct a file or to confirm it needs them, too.
    if matches!(done, Ok(_) | Err(ImportError::Retracts(_))) {
        rejects.finish().map_err(|error| Problem::file(&path, error))?;
        place.keep()?;
    }
    let summary = done.map_err(|error| failed(error, &name, &path))?;
    say(call, &summary, &found, &path);
    if !call.console.json() {
        show_changes(&*call.console, &summary, dry_run);
        if dry_run {
            show_found(&*call.console, &summary, &found);
        }
    }
    Ok(Exit::Done)
}

/// What was found out about a register before its first row.
fn found(register: &RegisterFile) -> Value {
    let found = register.found();
    json!({
        "format": found.format.map_or("query", |format| format.name()),
        "encoding": found.encoding.map(super::super::ingest::encoding::Encoding::name),
        "delimiter": found.delimiter.map(String::from),
        "sheet": found.sheet,
        "columns": register.columns().iter().map(|column| column.name()).collect::<Vec<_>>(),
    })
}

/// What a person hears of an import that failed.
pub(crate) fn failed(error: ImportError, name: &str, rejects: &Path) -> Problem {
    match error {
        ImportError::File(error) => input::unreadable(&error, name),
        ImportError::Register(crate::register::RegisterError::Store(error)) => error.into(),
        ImportError::Busy => Problem::later("import-busy"),
        ImportError::Changed => Problem::later(CHANGED).with("path", name.to_owned()),
        ImportError::Retracts(doubt) => doubted(doubt).with("path", name.to_owned()),
        ImportError::Rejects(error) => unwritten(error, rejects),
        other => Problem::bug(other),
    }
}

/// What a person hears of rejects that cannot be written.
fn unwritten(error: csv::Error, path: &Path) -> Problem {
    let error = match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::ErrorKind::InvalidData.into(),
    };
    Problem::file(path, error)
}

fn doubted(doubt: Doubt) -> Problem {
    match doubt {
        Doubt::NoRecord { retracted } => Problem::data("full-no-record").with("count", retracted),
        Doubt::UnreadableRows { rows, retracted } => {
            Problem::data("full-unreadable-rows").with("rows", rows).with("count", retracted)
        }
        Doubt::Many { retracted, records } => {
            Problem::data("full-retracts-many").with("count", retracted).with("records", records)
        }
    }
}

fn say(call: &Call, summary: &ImportSummary, found: &Value, rejects: &Path) {
    let by_kind: serde_json::Map<String, Value> =
        summary.by_kind.iter().map(|(kind, count)| (kind.code().to_owned(), json!(count))).collect();
    let by_standing: serde_json::Map<String, Value> = summary
        .by_standing
        .iter()
        .map(|(standing, count)| (standing.code().to_owned(), json!(count)))
        .collect();
    let preview: Vec<Value> = summary
        .preview
        .iter()
        .map(|row| {
            let identifiers: Vec<_> =
                row.identifiers.iter().map(|(kind, masked)| json!([kind.code(), masked])).collect();
            json!({ "row": row.row, "record": row.record, "standing": row.standing.code(), "identifiers": identifiers })
        })
        .collect();
    let json = json!({
        "rows": summary.rows, "taken_up": summary.taken_up, "records": summary.records, "added": summary.added, "changed": summary.changed,
        "unchanged": summary.unchanged, "retracted": summary.retracted, "spared": summary.spared, "identifiers": summary.identifiers,
        "by_kind": by_kind, "by_standing": by_standing, "rejected": summary.rejects, "warnings": summary.warnings,
        "rejects_file": rejects.display().to_string(), "found": found, "preview": preview,
    });
    let said = [
        ("rows", summary.rows.into()),
        ("records", summary.records.into()),
        ("identifiers", summary.identifiers.into()),
        ("rejected", summary.rejects.into()),
        ("warnings", summary.warnings.into()),
        ("path", rejects.display().to_string().into()),
    ];
    tell(&*call.console, &json, &call.console.text("node-imported", &said));
    if !call.console.json() && summary.taken_up > 0 {
        let text = call.console.text("node-import-taken-up", &[("rows", summary.taken_up.into())]);
        call.console.out(&text);
    }
    if !call.console.json() && summary.spared > 0 {
        let text = call.console.text("node-import-spared", &[("records", summary.spared.into())]);
        call.console.out(&text);
    }
}

/// What becomes of records, where it is not what everybody expects: some are retracted, or a person asks beforehand, and is
/// told first that nothing has become of them yet.
fn show_changes(console: &dyn Console, summary: &ImportSummary, dry_run: bool) {
    if !dry_run && summary.retracted == 0 {
        return;
    }
    if dry_run {
        console.say("node-import-dry", &[]);
    }
    let said = [
        ("added", summary.added.into()),
        ("changed", summary.changed.into()),
        ("retracted", summary.retracted.into()),
    ];
    console.say("node-import-changes", &said);
}

/// What a dry run has found out: what columns mean, identifiers by kind, and the first rows. No cell that is not masked.
fn show_found(console: &dyn Console, summary: &ImportSummary, found: &Value) {
    let columns: Vec<_> =
        found["columns"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    console.say("node-import-columns", &[("columns", columns.join(", ").into())]);
    if !summary.by_kind.is_empty() {
        let kinds: Vec<_> = summary.by_kind.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        console.say("node-import-kinds", &[("kinds", kinds.join(", ").into())]);
    }
    show_format(console, found);
    if !summary.preview.is_empty() {
        show_preview(console, summary);
    }
}

fn show_format(console: &dyn Console, found: &Value) {
    let word = |name: &str| found[name].as_str().unwrap_or("–").to_owned();
    let (id, said) = if found["encoding"].is_null() {
        ("node-import-found-table", [("format", word("format").into()), ("sheet", word("sheet").into())])
    } else {
        (
            "node-import-found",
            [("encoding", word("encoding").into()), ("delimiter", word("delimiter").into())],
        )
    };
    console.say(id, &said);
}

fn show_preview(console: &dyn Console, summary: &ImportSummary) {
    console.say("node-import-first-rows", &[]);
    let mut table = Table::new(["row", "record", "standing", "identifiers"]);
    for row in &summary.preview {
        let identifiers: Vec<_> =
            row.identifiers.iter().map(|(kind, masked)| format!("{kind} {masked}")).collect();
        table.row([
            row.row.to_string(),
            row.record.clone(),
            row.standing.code().to_owned(),
            identifiers.join("; "),
        ]);
    }
    console.out(&table.render());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lianfang_desk::{Buffer, Lang};
    use lianfang_proto::catalogue::Kind;

    use super::*;
    use crate::register::{PreviewRow, Standing};

    fn summary(retracted: u64) -> ImportSummary {
        let by_kind = BTreeMap::from([(Kind::ALL[0], 7)]);
        ImportSummary { added: 5, changed: 3, retracted, by_kind, ..ImportSummary::default() }
    }

    #[test]
    fn what_is_retracted_is_told_and_before_it_is_everything() {
        const EN: [&str; 2] = ["Nothing was changed. ", "Records added: 5, changed: 3, retracted: "];
        const ZH: [&str; 2] = ["未作任何更改。", "新增记录 5 条，更改 3 条，撤回 "];
        for (lang, [dry, begin]) in [(Lang::En, EN), (Lang::Zh, ZH)] {
            for (retracted, dry_run, told) in
                [(0, false, false), (400, false, true), (0, true, true), (400, true, true)]
            {
                let console = Buffer::new(lang);
                show_changes(&console, &summary(retracted), dry_run);
                let said = console.out_text();
                let mut lines = said.lines();
                if dry_run {
                    assert!(lines.next().is_some_and(|line| line.starts_with(dry)), "{retracted}: {said}");
                }
                let counts = format!("{begin}{retracted}");
                let wanted = told && lines.next().is_some_and(|line| line.starts_with(&counts));
                assert!(wanted || (!told && said.is_empty()), "{retracted} {dry_run}: {said}");
                assert!(dry_run || !said.contains(dry), "{retracted}: {said}");
            }
        }
    }

    #[test]
    fn a_dry_run_tells_the_format_always_and_rows_where_there_are_any() {
        let file = json!({"columns": ["record"], "encoding": "UTF-8", "delimiter": ","});
        let table = json!({"columns": ["record"], "format": "xlsx", "sheet": "List"});
        let row = || PreviewRow {
            row: 2,
            record: "case-7".to_owned(),
            standing: Standing::Enters,
            identifiers: Vec::new(),
        };
        for (lang, of_file, of_table, first) in [
            (Lang::En, "Encoding UTF-8, ", "Format xlsx, sheet “List”.", "The first rows:"),
            (Lang::Zh, "编码 UTF-8，", "格式 xlsx，工作表“List”。", "前几行："),
        ] {
            for (found, format) in [(&file, of_file), (&table, of_table)] {
                for rows in [0, 1] {
                    let console = Buffer::new(lang);
                    let preview = (0..rows).map(|_| row()).collect();
                    show_found(&console, &ImportSummary { preview, ..summary(0) }, found);
                    let said = console.out_text();
                    assert!(said.contains(format), "{rows}: {said}");
                    assert_eq!(
                        (said.contains(first), said.contains("case-7")),
                        (rows > 0, rows > 0),
                        "{said}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_dry_run_tells_columns_by_what_they_mean_and_counts_by_kind() {
        let found = json!({"columns": ["record", "phone"], "encoding": "UTF-8", "delimiter": ","});
        for (lang, columns, counts) in [
            (Lang::En, "Columns: record, phone.", "Identifiers by kind: "),
            (Lang::Zh, "各列：record, phone。", "各类标识数："),
        ] {
            let console = Buffer::new(lang);
            show_found(&console, &summary(0), &found);
            let said = console.out_text();
            let kinds = format!("{counts}{} 7", Kind::ALL[0]);
            assert!(said.contains(columns) && said.contains(&kinds), "{said}");
        }
    }
}
