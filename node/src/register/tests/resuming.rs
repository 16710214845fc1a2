//! Imports that are cut off while they read, and are run again.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::PathBuf;

use super::*;
use crate::ingest::IngestError;

const ROWS: usize = 1_600;

/// A file whose rows are so long that a sorter is full after some hundreds of them. It has rows that are refused, and
/// records that come again later.
fn text() -> String {
    let (mut text, note) = (String::from("record,role,mobile,wechat,note\n"), "x".repeat(16 << 10));
    for at in 0..ROWS {
        let (record, mobile) = (if at % 500 == 499 { at - 400 } else { at }, 10_000_000 + at);
        let mobile = if at % 100 == 7 { "12".to_owned() } else { format!("139{mobile}") };
        writeln!(text, "A{record},agent,{mobile},fang_{at},{note} {at}").unwrap();
    }
    text
}

impl Desk {
    /// What is imported of a file that cannot be read beyond some row; the error is the test's.
    async fn cut_off_after(&self, text: &str, rows: usize, options: ImportOptions) {
        let file = file(text);
        let end = Err(IngestError::Read(io::Error::other("unplugged")));
        let content = file.content();
        let source = Source { content, ..bare(file.take(rows).chain(std::iter::once(end))) };
        let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
        let refused = self.register.import(source, options, &mut rejects, |_| ()).await;
        assert!(matches!(refused, Err(ImportError::File(IngestError::Read(_)))));
    }

    fn kept(&self) -> PathBuf {
        self.bench.store.folder().join(".import")
    }
}

#[tokio::test]
async fn what_was_read_before_is_taken_up_and_all_is_as_if_read_at_once() {
    let text = text();
    let once = Desk::new().await;
    let (expected, rejects) = once.import_with(&text, options()).await;
    let values = once.values(&once.everything()).await;
    assert!(expected.rejects > 10 && expected.taken_up == 0 && values.len() > ROWS);
    assert!(!once.kept().exists(), "nothing is kept of an import that has ended");
    for cut in [&[200_usize][..], &[900], &[700, 1_300, 1_599]] {
        let desk = Desk::new().await;
        for &rows in cut {
            desk.cut_off_after(&text, rows, options()).await;
            assert!(desk.everything().page(IdentifierId::START, 1).await.unwrap().is_empty());
        }
        let (summary, told) = desk.import_with(&text, options()).await;
        let reached = *cut.last().unwrap() as u64;
        assert!(summary.taken_up <= reached && (summary.taken_up > 0) == (reached > 500), "{cut:?}");
        assert_eq!((summary.rows, summary.added), (expected.rows, expected.added));
        assert_eq!((summary.rejects, summary.warnings), (expected.rejects, expected.warnings));
        assert!(told == rejects, "the rejects are told in the order of rows, each once");
        assert!(desk.values(&desk.everything()).await == values);
        assert!(!desk.kept().exists() && desk.register.cut_off().is_none());
    }
}

#[tokio::test]
async fn a_file_that_was_read_to_its_end_is_not_read_again() {
    let (desk, text) = (Desk::new().await, text());
    desk.bench.refuse("block").await;
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let refused = desk.register.import(file(&text).into(), options(), &mut rejects, |_| ()).await;
    assert!(matches!(refused, Err(ImportError::Register(RegisterError::Store(_)))));
    assert!(desk.register.cut_off().is_some());
    desk.bench.allow("block").await;
    let again = bare(std::iter::from_fn(|| panic!("it is read again")));
    let source = Source { content: file(&text).content(), ..again };
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let summary = desk.register.import(source, options(), &mut rejects, |_| ()).await;
    let summary = summary.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((summary.rows, summary.taken_up), (ROWS as u64, ROWS as u64));
    let events = ["register.import-began", "register.import-began", "register.imported"];
    assert_eq!(desk.events().await, events, "which run was cut off is in the log");
}

#[tokio::test]
async fn only_the_same_import_takes_it_up() {
    let (desk, text) = (Desk::new().await, text());
    let cut = async || desk.cut_off_after(&text, 900, options()).await;
    let taken_up = async |text: &str, options| desk.import_with(text, options).await.0.taken_up;
    cut().await;
    // Looking changes nothing.
    assert_eq!(taken_up(&text, ImportOptions { dry_run: true, ..options() }).await, 0);
    assert!(taken_up(&text, options()).await > 0);
    cut().await;
    let tomorrow = ImportOptions { today: options().today.tomorrow().unwrap(), ..options() };
    assert_eq!(taken_up(&text, tomorrow).await, 0, "what lies in the future is another tomorrow");
    cut().await;
    assert_eq!(taken_up(&text.replacen("fang_0", "fang_x", 1), options()).await, 0, "another file");
    cut().await;
    assert_eq!(taken_up("record,wechat\nC1,fang_1\n", options()).await, 0);
    assert!(!desk.kept().exists(), "a small file removes what is kept, too");
}

#[tokio::test]
async fn what_is_kept_and_spoiled_is_given_up() {
    let (desk, text) = (Desk::new().await, text());
    for spoiled in ["rows-", "issues-"] {
        desk.cut_off_after(&text, 900, options()).await;
        let runs = fs::read_dir(desk.kept()).unwrap().map(|entry| entry.unwrap());
        let of_kind = |entry: &fs::DirEntry| entry.file_name().to_str().unwrap().starts_with(spoiled);
        let run = runs.filter(of_kind).map(|entry| entry.path()).next().unwrap();
        let mut bytes = fs::read(&run).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&run, bytes).unwrap();
        let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
        let refused = desk.register.import(file(&text).into(), options(), &mut rejects, |_| ()).await;
        assert!(matches!(refused, Err(ImportError::Register(RegisterError::Store(_)))), "{spoiled}");
        assert!(!desk.kept().exists());
    }
    let summary = desk.import(&text).await;
    assert_eq!((summary.rows, summary.taken_up), (ROWS as u64, 0));
}

/// Two rows that could both be the header: which one it is decides what the rows are.
#[test]
fn another_header_is_another_content() {
    let text = text();
    let content = |text: &str, map: &str| {
        let map = crate::ingest::HeaderMap::from_toml(map).unwrap();
        let options = Options { map, ..Options::default() };
        RegisterFile::open(Cursor::new(text.as_bytes().to_vec()), &options).unwrap().content().unwrap()
    };
    let plain = content(&text, "");
    assert!(plain == content(&text, ""));
    assert!(plain != content(&text, "\"note\" = \"ignore\"\n"), "a column less");
    let chinese = text.replacen("record,role,mobile,wechat,note", "编号,角色,手机号,微信号,备注", 1);
    assert!(plain != content(&chinese, ""));
    assert!(file("record,mobile\nA1,13912345678\n").content().is_none(), "small files have none");
}

#[tokio::test]
async fn nothing_that_is_kept_can_be_read() {
    let (desk, text) = (Desk::new().await, text());
    desk.cut_off_after(&text, 1_200, options()).await;
    let mut read = 0;
    for entry in fs::read_dir(desk.kept()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for canary in [&b"fang_1"[..], b"139100000", b"xxxxxxxx"] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary));
        }
        read += bytes.len();
    }
    assert!(read > 10 << 20, "there was something to read: {read}");
}

/// Whoever stops waiting leaves a reader behind: as long as it may still write, nobody else begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_import_begins_beside_the_reader_of_one_that_was_given_up() {
    let desk = Desk::new().await;
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let source = bare(std::iter::from_fn(move || waits.recv().ok().and(None)));
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let given_up = desk.register.import(source, options(), &mut rejects, |_| ());
    let waited = tokio::time::timeout(std::time::Duration::from_secs(1), given_up).await;
    assert!(waited.is_err(), "its reader waits");
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let small = "record,wechat\nA1,fang_1\n";
    let refused = desk.register.import(file(small).into(), options(), &mut rejects, |_| ()).await;
    assert!(matches!(refused, Err(ImportError::Busy)));
    drop(go_on);
    let summary = loop {
        let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
        match desk.register.import(file(small).into(), options(), &mut rejects, |_| ()).await {
            Err(ImportError::Busy) => tokio::task::yield_now().await,
            done => break done.unwrap_or_else(|error| panic!("{error}")),
        }
    };
    assert_eq!(summary.added, 1);
}
