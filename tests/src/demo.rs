//! `cargo demo`: the main job on this machine, with every party a process of its own.
//!
//! Comes in: the options of `INTERFACE`. Goes out: the parties' reports, compared with the answer computed in the clear;
//! a table or one JSON object; an exit code. Never sees: what the parties say to one another, which is TLS between
//! processes; it knows only what their command lines print. Trusts: the oracle. Fails: with 64 before anything is
//! started, with 1 if a report differs, else with the code of the party that failed.

pub mod args;
pub mod children;
pub mod compare;
pub mod federation;
pub mod report;

use std::path::{Path, PathBuf};
use std::time::Instant;

use lianfang_desk::problem::AtPath as _;
use lianfang_desk::{Call, Console, Exit, Problem, Program, Seat};

pub use args::Demo;

use args::{Plan, Source};
use compare::Clear;
use federation::Federation;
use report::{Figures, Outcome};

impl Program for Demo {
    fn dir(&self) -> Option<&Path> {
        None
    }

    fn seat(&self) -> Seat {
        Seat::Free
    }

    async fn perform(self, call: Call) -> Result<Exit, Problem> {
        let plan = self.plan(&call.cwd).map_err(|problem| problem.doing("doing-demo"))?;
        tokio::select! {
            ended = run(&plan, call.console.as_ref()) => ended.map_err(|problem| problem.doing("doing-demo")),
            () = interrupted(&plan, call.console.as_ref()) => Err(Problem::later("interrupted").doing("doing-demo")),
        }
    }
}

/// With `--keep`, Ctrl-C is how the demo ends, and the run itself waits for it.
async fn interrupted(plan: &Plan, console: &dyn Console) {
    if plan.keep {
        std::future::pending::<()>().await;
    }
    console.cancelled().await;
}

/// The registers of a run, as files, and what must come out.
struct Inputs {
    files: Vec<PathBuf>,
    clear: Clear,
    most_identifiers: u64,
}

async fn run(plan: &Plan, console: &dyn Console) -> Result<Exit, Problem> {
    let folder = tempfile::Builder::new().prefix("lianfang-demo-").tempdir().at_path(std::env::temp_dir())?;
    let root = folder.path();
    let inputs = prepare(plan, root)?;
    console.remark("demo-policy", &[]);
    let mut clock = Stopwatch::default();
    let mut federation =
        clock.time("start", Federation::found(plan, root, inputs.most_identifiers, console)).await?;
    clock.time("enrol", federation.enrol()).await?;
    clock.time("ceremony", federation.agree_on_key()).await?;
    let imports = clock.time("import", federation.import(&inputs.files)).await?;
    let job = clock.time("job", federation.job()).await?;
    let reports = clock.time("write", federation.write_reports(&job)).await?;
    let mismatches = inputs.clear.compare(&reports)?;
    let figures = Figures { imports, jobs: job.nodes, usage: federation.usage(), stages: clock.stages };
    let outcome = Outcome::new(plan, figures, mismatches);
    if let Some(out) = &plan.out {
        federation.keep_results(out, &job.summary)?;
    }
    outcome.print(console, &federation.addresses());
    if plan.keep {
        console.remark("demo-kept", &[("path", root.into())]);
        console.cancelled().await;
    }
    federation.stop().await;
    Ok(if outcome.ok() { Exit::Done } else { Exit::Differs })
}

/// Writes or finds the registers, and computes the answer in the clear.
fn prepare(plan: &Plan, root: &Path) -> Result<Inputs, Problem> {
    match &plan.source {
        Source::Generated { records, seed } => generated(plan, root, *records, *seed),
        Source::Files(files) => {
            let clear = Clear::of_files(plan, files)?;
            let most = files.iter().filter_map(|file| file.metadata().ok()).map(|data| data.len()).max();
            Ok(Inputs { files: files.clone(), clear, most_identifiers: most.unwrap_or(0) })
        }
    }
}

fn generated(plan: &Plan, root: &Path, records: usize, seed: u64) -> Result<Inputs, Problem> {
    let world =
        crate::people::World::generate(seed, plan.banks.len(), records, crate::people::Shape::Ordinary);
    let folder = root.join("registers");
    std::fs::create_dir(&folder).at_path(&folder)?;
    let mut files = Vec::new();
    for bank in &world.banks {
        let path = folder.join(format!("{}.csv", bank.id));
        std::fs::write(&path, &bank.file).at_path(&path)?;
        files.push(path);
    }
    let count =
        |bank: &crate::people::BankRegister| bank.rows.iter().map(|row| row.identifiers.len() as u64).sum();
    let most_identifiers = world.banks.iter().map(count).max().unwrap_or(0);
    Ok(Inputs { files, clear: Clear::of_world(plan, &world), most_identifiers })
}

/// What each stage took.
#[derive(Default)]
struct Stopwatch {
    stages: Vec<(String, f64)>,
}

impl Stopwatch {
    async fn time<T>(
        &mut self,
        stage: &str,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let begun = Instant::now();
        let done = work.await;
        self.stages.push((stage.to_owned(), begun.elapsed().as_secs_f64()));
        done
    }
}
