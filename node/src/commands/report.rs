//! `report`: writes a job's report into a folder.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::{args, job, tell};
use crate::app::App;
use crate::job::state::Stage;
use crate::report::{ReportError, export};

pub(super) async fn run(node: &Arc<App>, args: &args::Report, call: &Call) -> Result<Exit, Problem> {
    let joined = node.must_have_joined().await?;
    let entry = job::entry(&joined, &args.job).await?;
    let folder = call.path(&args.out);
    std::fs::create_dir_all(&folder).map_err(|error| Problem::file(&folder, error))?;
    let files = export(&node.store, entry.id, &folder).await.map_err(|error| match error {
        ReportError::NotKept => not_kept(entry.stage),
        ReportError::Disk(error) => Problem::file(&folder, error),
        ReportError::Store(error) => error.into(),
        other => Problem::bug(other),
    })?;
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    let rows = entry.figures().report_rows;
    let said = [("rows", rows.into()), ("path", folder.display().to_string().into())];
    tell(
        &*call.console,
        &json!({ "rows": rows, "files": names }),
        &call.console.text("node-report-written", &said),
    );
    Ok(Exit::Done)
}

/// A job that is over has no report yet to come: whoever waits for it would wait for ever.
fn not_kept(stage: Stage) -> Problem {
    if stage.is_over() {
        Problem::refused("report-none").with("stage", stage.code())
    } else {
        Problem::later("report-not-kept")
    }
}

#[cfg(test)]
mod tests {
    use lianfang_desk::Lang;

    use super::*;

    #[test]
    fn whoever_asks_for_a_report_that_never_comes_is_not_told_to_wait() {
        for stage in Stage::ALL {
            let problem = not_kept(stage);
            let (exit, code) = if stage.is_over() {
                (Exit::Refused, "report-none")
            } else {
                (Exit::Later, "report-not-kept")
            };
            assert_eq!((problem.exit(), problem.code()), (exit, code), "{stage:?}");
            for lang in Lang::ALL {
                assert!(problem.why(lang).contains(stage.code()) || !stage.is_over(), "{stage:?}");
            }
        }
    }
}
