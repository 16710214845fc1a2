//! What a later file must not undo by what it lacks, or by what it cannot say.

use std::fmt::Write as _;
use std::fs::{self, File as Plain};
use std::io::Write as _;

use lianfang_proto::catalogue::{Grade, Hold, Role};

use super::*;

const HEADER: &str = "record,role,wechat,hold,typology,grade\n";

impl Desk {
    async fn refused(&self, text: &str, options: ImportOptions) -> (ImportError, String) {
        let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
        let done = self.register.import(file(text).into(), options, &mut rejects, |_| ()).await;
        let error = done.err().unwrap_or_else(|| panic!("it was to be refused"));
        (error, String::from_utf8(rejects.finish().unwrap()).unwrap())
    }

    async fn standing(&self, record: &str) -> Standing {
        self.register.show(record).await.unwrap().standing
    }
}

fn full() -> ImportOptions {
    ImportOptions { full: true, ..options() }
}

/// A register of so many records, the first of which has this number.
fn many(from: usize, count: usize) -> String {
    let mut text = String::from("record,role,wechat\n");
    (from..from + count).for_each(|at| writeln!(text, "A{at},agent,fang_{at}").unwrap());
    text
}

#[tokio::test]
async fn an_absent_column_lifts_no_hold_and_changes_no_role() {
    let desk = Desk::new().await;
    let before = format!(
        "{HEADER}A1,agent,fang_1,dispute,phishing,A\nA2,victim,fang_2,,,\nA3,agent,fang_3,perhaps,,\n\
         A4,boss,fang_4,,,\nA5,agency,fang_5,,,\n"
    );
    desk.import(&before).await;
    let standings = async || {
        let mut found = Vec::new();
        for record in ["A1", "A2", "A3", "A4", "A5"] {
            found.push(desk.standing(record).await);
        }
        found
    };
    let stood = [Standing::Held, Standing::Victim, Standing::Held, Standing::RoleUnknown, Standing::Enters];
    assert_eq!(standings().await, stood);
    let later = "record,wechat\nA1,ping_1\nA2,ping_2\nA3,ping_3\nA4,ping_4\nA5,ping_5\n";
    let dry = desk.import_with(later, ImportOptions { dry_run: true, ..options() }).await.0;
    assert_eq!(dry.preview.iter().map(|row| row.standing).collect::<Vec<_>>(), stood);
    for options in [options(), full()] {
        let (summary, _) = desk.import_with(later, options).await;
        assert_eq!(summary.by_standing[&Standing::Held], 2);
        assert_eq!(standings().await, stood);
        assert_eq!(desk.values(&desk.everything()).await, ["wechat ping_5"]);
    }
    assert_eq!(desk.import(later).await.unchanged, 5, "what is kept is no change");
    let shown = desk.register.show("A1").await.unwrap().content.unwrap();
    assert_eq!((shown.facts.role, shown.facts.grade), (Some(Role::Agent), Grade::Judged));
    assert!(!shown.facts.typologies.is_empty() && shown.body.held_by == HeldBy::Reason(Hold::Dispute));
    // The same in a file that has the columns says nothing new, and an empty cell lifts.
    let same = before.replace(",fang_", ",ping_");
    assert_eq!(desk.import(&same).await.unchanged, 5);
    desk.import(&same.replace("dispute", "")).await;
    assert_eq!(desk.standing("A1").await, Standing::Enters);
}

#[tokio::test]
async fn a_record_that_is_new_or_was_retracted_has_nothing_to_keep() {
    let desk = Desk::new().await;
    desk.import("record,wechat,hold\nA1,fang_1,dispute\n").await;
    desk.register.retract("A1", "li").await.unwrap();
    desk.import("record,wechat\nA1,fang_1\nA2,fang_2\n").await;
    assert_eq!((desk.standing("A1").await, desk.standing("A2").await), (Standing::Enters, Standing::Enters));
}

#[tokio::test]
async fn a_record_held_by_hand_stands_held() {
    let desk = Desk::new().await;
    desk.import("record,role,wechat\nA1,agent,fang_1\nA2,victim,fang_2\n").await;
    assert_eq!(desk.register.show("A1").await.unwrap().stands(), Standing::Enters);
    for record in ["A1", "A2"] {
        desk.register.hold(record, Hold::Dispute, "li").await.unwrap();
    }
    let shown = desk.register.show("A1").await.unwrap();
    assert_eq!((shown.stands(), shown.standing), (Standing::Held, Standing::Enters));
    assert_eq!(desk.register.show("A2").await.unwrap().stands(), Standing::Victim);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_spares_its_record() {
    let desk = Desk::new().await;
    desk.import("record,role,wechat\nA1,agent,fang_1\nA2,agent,fang_2\nA3,agent,fang_3\n").await;
    let text = "record,role,wechat\nA1,agent,fang_1\nA2,agent,fang_2,too,long\n";
    let dry = desk.import_file(sheet(text), ImportOptions { dry_run: true, ..full() }).await.0;
    let wet = desk.import_file(sheet(text), full()).await.0;
    for summary in [dry, wet] {
        assert_eq!((summary.retracted, summary.spared, summary.unchanged, summary.rejects), (1, 1, 1, 1));
    }
    assert_eq!(desk.standing("A2").await, Standing::Enters);
    assert_eq!(desk.standing("A3").await, Standing::Retracted);
    // It spares nothing where another row says what the record is, or none is there.
    let twice = "record,role,wechat\nA2,agent,fang_2,too,long\nA2,agent,fang_4\nA9,agent,fang_9,too,long\nA1,agent,fang_5\n";
    let summary = desk.import_file(sheet(twice), full()).await.0;
    assert_eq!((summary.changed, summary.spared, summary.retracted), (2, 0, 0));
    // A file of which nothing but names can be read changes nothing.
    let names = "record,role,wechat\nA1,agent,fang_1,x\nA2,agent,fang_2,x\n";
    let summary = desk.import_file(sheet(names), full()).await.0;
    assert_eq!((summary.records, summary.spared, summary.retracted), (0, 2, 0));
}

/// Which record a row is whose cells have shifted or were cut, nobody knows; and what stands in its place is no record.
#[tokio::test]
async fn a_row_with_too_many_cells_retracts_only_on_a_persons_word() {
    let shifted = ("name,record,wechat\n", "Wang,R17,fang_1\n", "Wang, Fang,R17,fang_1\n", "Li,R18,fang_2\n");
    let cut = ("record,name,wechat\n", "\"R,17\",Fang,fang_1\n", "R,17,Fang,fang_1\n", "R18,Li,fang_2\n");
    for ((header, before, long, other), record) in [(shifted, "R17"), (cut, "R,17")] {
        let desk = Desk::new().await;
        desk.import(&format!("{header}{before}{other}")).await;
        let (error, rejects) = desk.refused(&format!("{header}{long}{other}"), full()).await;
        let doubt = Doubt::UnreadableRows { rows: 1, retracted: 1 };
        assert!(matches!(error, ImportError::Retracts(found) if found == doubt), "{error}");
        assert_eq!(desk.standing(record).await, Standing::Enters);
        let lines: Vec<&str> = rejects.lines().skip(1).collect();
        assert!(matches!(lines[..], [line] if line.starts_with("2,,,reject,long-row,")), "{rejects}");
        assert!(!rejects.contains("Fang"), "{rejects}");
    }
}

#[tokio::test]
async fn a_full_file_without_records_retracts_only_on_a_persons_word() {
    let desk = Desk::new().await;
    let (header, unread) = ("record,wechat\n", "record,wechat\n,fang_1\n\"a\"b,c\n");
    assert_eq!(desk.import_full(header).await.retracted, 0, "there is nothing to lose");
    desk.import("record,wechat\nA1,fang_1\nA2,fang_2\n").await;
    for text in [header, unread] {
        for dry_run in [true, false] {
            let (error, rejects) = desk.refused(text, ImportOptions { dry_run, ..full() }).await;
            let doubt = Doubt::NoRecord { retracted: 2 };
            assert!(matches!(error, ImportError::Retracts(found) if found == doubt), "{error}");
            assert_eq!(rejects.lines().count(), text.lines().count(), "the rejects say why: {rejects}");
        }
        assert_eq!(desk.values(&desk.everything()).await.len(), 2);
        assert_eq!(desk.events().await.last().unwrap(), "register.import-began");
    }
    // Which record a row is that names none, nobody knows.
    let (error, _) = desk.refused("record,wechat\nA1,fang_1\n,fang_2\n", full()).await;
    let doubt = Doubt::UnreadableRows { rows: 1, retracted: 1 };
    assert!(matches!(error, ImportError::Retracts(found) if found == doubt), "{error}");
    let nothing_lacks = "record,wechat\nA1,fang_1\nA2,fang_2\n,fang_2\n";
    assert_eq!(desk.import_full(nothing_lacks).await.retracted, 0);
    let said = ImportOptions { retract_many: true, ..full() };
    assert_eq!(desk.import_with(header, said).await.0.retracted, 2);
    assert_eq!(desk.register.overview().await.unwrap().records(), 0);
}

#[tokio::test]
async fn more_than_half_of_a_register_is_retracted_only_on_a_persons_word() {
    let desk = Desk::new().await;
    desk.import(&many(0, 20)).await;
    let (error, _) = desk.refused(&many(11, 15), full()).await;
    let doubt = Doubt::Many { retracted: 11, records: 20 };
    assert!(matches!(error, ImportError::Retracts(found) if found == doubt), "{error}");
    assert_eq!(desk.values(&desk.everything()).await.len(), 20);
    assert_eq!(desk.import_full(&many(10, 10)).await.retracted, 10, "half of it goes");
    assert_eq!(desk.import_full(&many(19, 1)).await.retracted, 9, "and of a small one more");
    desk.import(&many(0, 40)).await;
    let said = ImportOptions { retract_many: true, ..full() };
    assert_eq!(desk.import_with(&many(39, 1), said).await.0.retracted, 39);
}

/// Rows that cannot be read are kept with the others.
#[tokio::test]
async fn what_was_read_before_is_doubted_as_well() {
    let desk = Desk::new().await;
    let (mut text, note) = (String::from("record,wechat,note\n"), "x".repeat(16 << 10));
    text += "A1,fang_1,x,too long\n";
    (2..1_600).for_each(|at| writeln!(text, "A{at},fang_{at},{note} {at}").unwrap());
    desk.import("record,wechat\nA1,fang_1\nA2,fang_2\n").await;
    let end = Err(crate::ingest::IngestError::Read(std::io::Error::other("unplugged")));
    let content = file(&text).content();
    let cut = Source { content, ..bare(file(&text).take(1_000).chain(std::iter::once(end))) };
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    assert!(desk.register.import(cut, full(), &mut rejects, |_| ()).await.is_err());
    let (error, _) = desk.refused(&text, full()).await;
    let doubt = Doubt::UnreadableRows { rows: 1, retracted: 1 };
    assert!(matches!(error, ImportError::Retracts(found) if found == doubt), "{error}");
    let summary = desk.import_with(&text, ImportOptions { retract_many: true, ..full() }).await.0;
    assert_eq!((summary.retracted, summary.rejects), (1, 1));
    assert!(summary.taken_up > 0);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_not_imported() {
    let desk = Desk::new().await;
    desk.import("record,wechat\nA1,fang_1\n").await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.csv");
    fs::write(&path, "record,wechat\nA2,fang_2\nA3,fang_3\n").unwrap();
    let opened = Plain::open(&path).unwrap();
    let origin = || Origin::named(&opened, &path).unwrap();
    let register = RegisterFile::open(opened.try_clone().unwrap(), &Options::default()).unwrap();
    let (grows, mut first) = (path.clone(), true);
    let rows = register.inspect(move |_| {
        if std::mem::take(&mut first) {
            Plain::options().append(true).open(&grows).unwrap().write_all(b"A4,fang_4\n").unwrap();
        }
    });
    let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
    let source = bare(rows).of_origin(Some(origin()));
    let refused = desk.register.import(source, full(), &mut rejects, |_| ()).await;
    assert!(matches!(refused, Err(ImportError::Changed)));
    assert_eq!(desk.values(&desk.everything()).await, ["wechat fang_1"]);
    let register = RegisterFile::open(Plain::open(&path).unwrap(), &Options::default()).unwrap();
    let source = Source::from(register).of_origin(Some(origin()));
    let summary = desk.register.import(source, options(), &mut rejects, |_| ()).await;
    assert_eq!(summary.unwrap_or_else(|error| panic!("{error}")).added, 3, "now it rests");
}
