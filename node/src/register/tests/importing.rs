use std::fmt::Write;
use std::sync::Arc;

use tokio::sync::Notify;

use super::*;

const HEADER: &str = "record,role,mobile,wechat,typology,grade,hold,note\n";

#[tokio::test]
async fn the_example_of_the_interface() {
    let desk = Desk::new().await;
    let alpha = "record,role,cn-id,mobile,uscc,hold\n\
                 A1,agent,110105491231002,139 1234 5678;+8613912345678,,\n\
                 A2,agency,,,91350100m000100y43,\n\
                 A3,agent,440524188001010014,,,dispute\n";
    let summary = desk.import(alpha).await;
    assert_eq!((summary.rows, summary.records, summary.added, summary.rejects), (3, 3, 3, 0));
    assert_eq!(summary.identifiers, 5);
    let everything = desk.everything();
    assert_eq!(
        desk.values(&everything).await,
        [
            "cn-id 11010519491231002X",
            "mobile +8613912345678",
            "org-code M000100Y4",
            "uscc 91350100M000100Y43"
        ]
    );
    let overview = desk.register.overview().await.unwrap();
    assert_eq!((overview.records(), overview.identifiers()), (3, 5));
    assert_eq!(overview.by_standing[&Standing::Held], 1);
    assert_eq!(desk.events().await, ["register.import-began", "register.imported"]);
}

#[tokio::test]
async fn a_file_imported_twice_changes_nothing() {
    let desk = Desk::new().await;
    let text = format!("{HEADER}A1,agent,13912345678,fang_1,,,,\nA2,,13912345678,fang_2,,,,\n");
    desk.import(&text).await;
    assert_eq!(desk.fill().await, 3);
    let rows = async || -> Vec<(i64, Vec<u8>, Vec<u8>)> {
        let rows = sqlx::query_as("SELECT id, low, body FROM block ORDER BY id");
        rows.fetch_all(desk.bench.store.readers()).await.unwrap()
    };
    let before = rows().await;
    let again = desk.import(&text).await;
    assert_eq!((again.added, again.changed, again.unchanged), (0, 0, 2));
    assert!(rows().await == before);
    assert_eq!(desk.cached().await, 3);
}

#[tokio::test]
async fn a_later_file_updates_what_it_names_and_leaves_the_rest() {
    let desk = Desk::new().await;
    desk.import(&format!("{HEADER}A1,agent,13912345678,fang_1,,,,\nA2,agent,13912345678,fang_2,,,,\n")).await;
    desk.fill().await;
    let later = desk.import(&format!("{HEADER}A1,agent,,fang_3,,,,\n")).await;
    assert_eq!((later.added, later.changed, later.unchanged, later.retracted), (0, 1, 0, 0));
    let values = desk.values(&desk.everything()).await;
    assert_eq!(values, ["mobile +8613912345678", "wechat fang_2", "wechat fang_3"]);
    assert_eq!(desk.cached().await, 2, "what A2 still mentions keeps its output, fang_1 is gone");
    assert_eq!(desk.register.overview().await.unwrap().identifiers(), 3);
    assert_eq!(desk.fill().await, 1);
}

#[tokio::test]
async fn full_retracts_what_the_file_lacks_and_a_later_file_brings_it_back() {
    let desk = Desk::new().await;
    desk.import(&format!("{HEADER}A1,agent,13912345678,,,,,secret\nA2,agent,13912345679,,,,,\n")).await;
    desk.fill().await;
    let full = desk.import_full(&format!("{HEADER}A2,agent,13912345679,,,,,\n")).await;
    assert_eq!((full.retracted, full.unchanged), (1, 1));
    assert_eq!((desk.cached().await, desk.register.overview().await.unwrap().identifiers()), (1, 1));
    let shown = desk.register.show("A1").await.unwrap();
    assert!(shown.standing == Standing::Retracted && shown.content.is_none());
    let mut reader = desk.bench.store.reader().await.unwrap();
    let (_, stored) = desk.register.found(&mut reader, "A1").await.unwrap();
    drop(reader);
    let left = desk.register.record(&stored).unwrap();
    assert_eq!((left.print, left.said.len() + left.rest.len()), ([0; 16], 0), "nothing of its content stays");
    assert_eq!(left.identifiers().count(), 0);
    assert_eq!(desk.import_full(&format!("{HEADER}A2,agent,13912345679,,,,,\n")).await.retracted, 0);
    let back = desk.import(&format!("{HEADER}A1,agent,13912345678,,,,,\n")).await;
    assert_eq!((back.added, back.changed), (1, 0));
    assert_eq!(desk.values(&desk.everything()).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_read_protects() {
    let desk = Desk::new().await;
    let text = format!(
        "{HEADER}A1,agent,13912340001,,,,maybe,\nA2,boss,13912340002,,,,,\nA3,victim,13912340003,,,,,\n\
         A4,agent,13912340004,,nonsense,Z,,\nA5,agent,1391234;13912340005,,,,,\nA6,agent,13912340006,,,,困难,\n"
    );
    let (summary, rejects) = desk.import_with(&text, options()).await;
    assert_eq!(desk.values(&desk.everything()).await, ["mobile +8613912340004", "mobile +8613912340005"]);
    let standing = [Standing::Enters, Standing::Victim, Standing::Held, Standing::RoleUnknown];
    assert_eq!(standing.map(|s| summary.by_standing[&s]), [2, 1, 2, 1]);
    assert_eq!(summary.rejects, 5, "{rejects}");
    let codes: Vec<_> = rejects.lines().skip(1).map(|line| line.split(',').nth(4).unwrap()).collect();
    assert_eq!(codes[..4], ["unknown-hold", "unknown-role", "unknown-typology", "unknown-grade"]);
    assert!(!rejects.contains("1391234"), "a reject never names the value");
}

#[tokio::test]
async fn the_first_row_of_a_record_stands() {
    let desk = Desk::new().await;
    let mut text = String::from(HEADER);
    for at in 0..2100 {
        writeln!(text, "A{at},agent,1391234{at:04},,,,,").unwrap();
    }
    // One duplicate in the batch of its first row, one in a later batch, one that says the very same.
    text.insert_str(HEADER.len() + "A0,agent,13912340000,,,,,\n".len(), "A0,agent,,other,,,,\n");
    text += "A1,agent,,other,,,,\nA2,agent,13912340002,,,,,\n";
    let dry = desk.import_with(&text, ImportOptions { dry_run: true, ..options() }).await;
    let wet = desk.import_with(&text, options()).await;
    assert_eq!(dry.1, wet.1);
    for (summary, rejects) in [dry, wet] {
        assert_eq!((summary.rows, summary.records, summary.added, summary.rejects), (2103, 2100, 2100, 3));
        let rows: Vec<_> =
            rejects.lines().skip(1).map(|line| line.split(',').take(5).collect::<Vec<_>>()).collect();
        assert_eq!(rows[0], ["3", "A0", "record", "reject", "duplicate-record"]);
        assert_eq!(rows[1], ["2103", "A1", "record", "reject", "duplicate-record"]);
        assert_eq!(rows[2], ["2104", "A2", "record", "reject", "duplicate-record"]);
    }
    assert!(!desk.values(&desk.everything()).await.contains(&"wechat other".to_owned()));
    // The same file again: what stood stands, what was a duplicate still is one.
    let (again, _) = desk.import_with(&text, options()).await;
    assert_eq!((again.changed, again.unchanged, again.rejects), (0, 2100, 3));
    let (dry, _) = desk.import_with(&text, ImportOptions { dry_run: true, ..options() }).await;
    assert_eq!((dry.changed, dry.unchanged, dry.rejects), (0, 2100, 3));
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_shows_masks() {
    let desk = Desk::new().await;
    desk.import(&format!("{HEADER}A1,agent,13912345678,,,,,\nA2,agent,13912345679,,,,,\n")).await;
    let text = format!("{HEADER}A2,agent,13912345670,,,,,\nA3,agent,13912345671,,,,,\n");
    let dry = ImportOptions { full: true, dry_run: true, ..options() };
    let (summary, _) = desk.import_with(&text, dry).await;
    assert_eq!((summary.added, summary.changed, summary.retracted, summary.import), (1, 1, 1, None));
    assert_eq!(summary.preview[0].identifiers, [(Kind::Mobile, "*******5670".to_owned())]);
    assert_eq!(desk.values(&desk.everything()).await, ["mobile +8613912345678", "mobile +8613912345679"]);
    assert_eq!(desk.events().await.len(), 2);
}

#[tokio::test]
async fn an_import_that_was_killed_leaves_nothing_and_may_be_run_again() {
    let mut text = String::from("record,role,wechat\n");
    for at in 0..9000 {
        writeln!(text, "A{at},agent,fang_{at};ping_{}", at / 2).unwrap();
    }
    let desk = Desk::new().await;
    desk.import("record,role,wechat\nB1,agent,gone_1\nA1,agent,old_1\n").await;
    let (begun, full) = (Arc::new(Notify::new()), ImportOptions { full: true, ..options() });
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let killed = desk.register.import(file(&text).into(), full, &mut rejects, |_| begun.notify_one());
    tokio::select! {
        biased;
        () = begun.notified() => {}
        _ = killed => panic!("it was to be killed"),
    }
    assert_eq!(desk.register.overview().await.unwrap().records(), 2);
    let store = desk.bench.store.clone();
    store.close().await;
    let store = desk.bench.again(&desk.bench.master).await.unwrap();
    let log = Log::new(store.clone(), "alpha");
    let register = Register::new(store, log.clone());
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let summary = register.import(file(&text).into(), full, &mut rejects, |_| ()).await;
    let summary = summary.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((summary.records, summary.rejects, summary.retracted), (9000, 0, 1));
    assert_eq!((summary.added, summary.changed, summary.unchanged), (8999, 1, 0));
    let whole = register.overview().await.unwrap();
    assert_eq!((whole.records(), whole.identifiers()), (9000, 13_500));
}

/// Fails once it has written a few bytes, as a full disk does.
struct Narrow(usize);

impl std::io::Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_import_whose_rejects_cannot_be_written_leaves_nothing() {
    let desk = Desk::new().await;
    desk.import("record,wechat\nA1,fang_1\n").await;
    let mut text = String::from("record,wechat\n");
    for at in 0..2000 {
        writeln!(text, "B{at},x").unwrap();
    }
    text += "B9999,fang_2\n";
    let mut rejects = Rejects::new(Narrow(100), Lang::En).unwrap();
    let full = ImportOptions { full: true, ..options() };
    let refused = desk.register.import(file(&text).into(), full, &mut rejects, |_| ()).await;
    assert!(matches!(refused, Err(ImportError::Rejects(_))));
    assert_eq!(desk.values(&desk.everything()).await, ["wechat fang_1"]);
    assert_eq!(desk.events().await.last().unwrap(), "register.import-began");
}

#[tokio::test]
async fn a_file_that_breaks_off_retracts_nothing() {
    let desk = Desk::new().await;
    desk.import("record,wechat\nA1,fang_1\n").await;
    let broken = file("record,wechat\nA2,fang_2\n")
        .chain(std::iter::once(Err(std::io::Error::other("unplugged").into())));
    let source = bare(broken);
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let full = ImportOptions { full: true, ..options() };
    let refused = desk.register.import(source, full, &mut rejects, |_| ()).await;
    assert!(matches!(refused, Err(ImportError::File(_))));
    let panics = bare(std::iter::from_fn(|| panic!("a reader's bug")));
    let refused = desk.register.import(panics, full, &mut rejects, |_| ()).await;
    assert!(matches!(refused, Err(ImportError::ReaderStopped)));
    assert_eq!(desk.values(&desk.everything()).await, ["wechat fang_1"]);
}
