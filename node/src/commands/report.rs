//! `report`: writes a job's report into a folder.

use std::sync::Arc;

use lianfang_desk::{Call, Exit, Problem};
use serde_json::json;

use super::{args, job, tell};
use crate::app::App;
use crate::report::{ReportError, export};

pub(super) async fn run(node: &Arc<App>, args: &args::Report, call: &Call) -> Result<Exit, Problem> {
    let joined = node.must_have_joined().await?;
    let entry = job::entry(&joined, &args.job).await?;
    let folder = call.path(&args.out);
    std::fs::create_dir_all(&folder).map_err(|error| Problem::file(&folder, error))?;
    let files = export(&node.store, entry.id, &folder).await.map_err(|error| match error {
        ReportError::NotKept => Problem::later("report-not-kept"),
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
