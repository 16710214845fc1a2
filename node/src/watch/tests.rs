//! A folder with files of every kind, and what became of them.

mod ends;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::folder::{FILES, Folder, Look, Place};
use super::settle::Settle;
use super::*;
use crate::ports::{Clock, Ports, SystemClock};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn only_plain_files_are_looked_at() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.csv"), "record,mobile\n").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    for name in ["b.csv", "a.xlsx", "c.csv.part", ".hidden", "d.csv~", "e.csv", "e.csv.ready"] {
        fs::write(dir.path().join(name), "x").unwrap();
    }
    symlink(outside.path().join("secret.csv"), dir.path().join("link.csv")).unwrap();
    symlink(outside.path(), dir.path().join("folder")).unwrap();
    fs::create_dir(dir.path().join("inner")).unwrap();
    fs::write(dir.path().join("long".repeat(60)), "x").unwrap();
    let Look { files, said, unfit, behind } = folder.look().unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["a.xlsx", "b.csv", "e.csv"]);
    assert_eq!(said.into_iter().collect::<Vec<_>>(), ["e.csv"]);
    assert_eq!((unfit, behind), (4, 0), "two links, a folder, and a name too long");
    assert!(folder.open_file("link.csv").unwrap().is_none());
    assert!(folder.open_file("gone.csv").unwrap().is_none());
    assert!(folder.open_file("a.xlsx").unwrap().is_some());
}

/// In whatever order the system names them.
#[test]
fn of_too_many_files_the_first_by_name_are_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let name = |at: usize| format!("{at:05}.csv");
    // Half of them from the first on, half from the last.
    let count = FILES + 200;
    for at in (0..count / 2).flat_map(|at| [at, count - 1 - at]) {
        fs::write(dir.path().join(name(at)), "x").unwrap();
        fs::write(dir.path().join(name(at) + ".ready"), "").unwrap();
    }
    let first: Vec<String> = (0..FILES).map(name).collect();
    let Look { files, said, unfit, behind } = folder.look().unwrap();
    assert!(files.into_keys().eq(first.iter().cloned()));
    assert!(said.iter().eq(&first), "and what says that they are ready is none of them");
    assert_eq!((unfit, behind), (0, 200));
    for name in &first {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    let Look { files, behind, .. } = folder.look().unwrap();
    assert_eq!((files.len(), behind, files.contains_key(&name(count - 1))), (200, 0, true));
}

#[test]
fn the_inner_folders_may_not_lead_elsewhere() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(outside.path(), dir.path().join("done")).unwrap();
    assert!(Folder::open(dir.path()).is_err());
    assert!(Folder::open(&dir.path().join("nowhere")).is_err());
}

#[test]
fn a_file_is_put_away_last() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    fs::write(dir.path().join("a.csv"), "x").unwrap();
    fs::write(dir.path().join("a.csv.ready"), "").unwrap();
    // What a kill left behind is written anew.
    drop(folder.unfinished("a.csv").unwrap());
    drop(folder.unfinished("a.csv").unwrap());
    assert!(folder.look().unwrap().files.contains_key("a.csv"));
    let put_away = |read| {
        let done = (Place::Done, &json!({ "ok": true }));
        folder.put_away("a.csv", read, "20261122T000000Z", done).unwrap()
    };
    let opened = || Origin::of(&folder.open_file("a.csv").unwrap().unwrap()).unwrap().identity();
    assert!(put_away(opened()));
    assert_eq!(names(dir.path()), ["done", "failed"]);
    let put = ["", ".json", ".rejects.csv"].map(|end| format!("20261122T000000Z-a.csv{end}"));
    assert_eq!(names(&dir.path().join("done")), put);
    // The same name again, in the same second: nothing stands in the way.
    fs::write(dir.path().join("a.csv"), "y").unwrap();
    drop(folder.unfinished("a.csv").unwrap());
    assert!(put_away(opened()));
    assert_eq!(fs::read(dir.path().join("done").join(&put[0])).unwrap(), b"y");
}

#[test]
fn what_was_not_read_is_not_put_away() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let path = dir.path().join("a.csv");
    let changes: [fn(&Path); 3] = [
        |path| fs::write(path, "it has grown").unwrap(),
        |path| {
            fs::write(path.with_file_name("b.csv"), "x").unwrap();
            fs::rename(path.with_file_name("b.csv"), path).unwrap();
        },
        |path| fs::remove_file(path).unwrap(),
    ];
    for change in changes {
        fs::write(&path, "x").unwrap();
        let file = folder.open_file("a.csv").unwrap().unwrap();
        let read = Origin::of(&file).unwrap().identity();
        drop(folder.unfinished("a.csv").unwrap());
        change(&path);
        let lies = fs::read(&path).ok();
        let done = (Place::Done, &json!({ "ok": true }));
        assert!(!folder.put_away("a.csv", read, "20261122T000000Z", done).unwrap());
        assert_eq!(fs::read(&path).ok(), lies);
        assert!(names(&dir.path().join("done")).is_empty());
    }
}

/// A node of its own in a folder, which has joined nothing.
async fn node(dir: &Path) -> Arc<App> {
    node_by(dir, Arc::new(SystemClock)).await
}

/// The same, by a clock.
async fn node_by(dir: &Path, clock: Arc<dyn Clock>) -> Arc<App> {
    use crate::config::{Config, Unlock};
    use crate::secrets::{Secrets, make_key_file};
    let ports = Ports { clock, ..Ports::system() };
    let mut rng = ports.chance.rng();
    let config = Config::new("127.0.0.1:7000", Unlock::KeyFile(dir.join("unlock.key")));
    make_key_file(&dir.join("unlock.key"), &mut *rng).unwrap();
    config.store(dir).unwrap();
    Secrets::create(dir, &config.unlock, &mut *rng).unwrap();
    Arc::new(App::open(dir, ports, Arc::new(lianfang_link::Tcp::default())).await.unwrap())
}

fn watcher(node: &Arc<App>, dir: &Path, full: bool) -> Watcher {
    let config = Watch {
        folder: dir.to_owned(),
        every: "1s".to_owned(),
        full,
        map: None,
        sheet: None,
        language: crate::config::Language::Zh,
    };
    Watcher {
        node: Arc::clone(node),
        folder: Folder::open(&config.folder).unwrap(),
        config,
        options: Options::default(),
        settle: Settle::default(),
        unreadable: BTreeSet::new(),
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_holds_up_no_other() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = node(home.path()).await;
    let mut watcher = watcher(&node, dir.path(), false);
    watcher.folder.opener = |path| {
        if path.ends_with("aaa.csv") { Err(io::ErrorKind::PermissionDenied.into()) } else { File::open(path) }
    };
    let (_stop, stopped) = watch::channel(false);
    fs::write(dir.path().join("aaa.csv"), "record,mobile\nA1,13912345678\n").unwrap();
    fs::write(dir.path().join("zzz.csv"), "record,mobile\nA2,13912345678\n").unwrap();
    for _ in 0..3 {
        watcher.look(&stopped).await.unwrap();
    }
    assert_eq!(names(dir.path()), ["aaa.csv", "done", "failed"]);
    assert_eq!(node.register.overview().await.unwrap().records(), 1);
    assert_eq!(watcher.unreadable.len(), 1, "that is told once");
    watcher.folder.opener = folder::open;
    watcher.look(&stopped).await.unwrap();
    assert_eq!(names(dir.path()), ["done", "failed"]);
    assert!(watcher.unreadable.is_empty());
}

#[tokio::test]
async fn a_file_that_would_retract_too_much_fails() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = node(home.path()).await;
    let mut watcher = watcher(&node, dir.path(), true);
    let (_stop, stopped) = watch::channel(false);
    for text in ["record,mobile\nA1,13912345678\n", "record,mobile\n"] {
        fs::write(dir.path().join("a.csv"), text).unwrap();
        fs::write(dir.path().join("a.csv.ready"), "").unwrap();
        watcher.look(&stopped).await.unwrap();
    }
    assert_eq!(names(dir.path()), ["done", "failed"]);
    let failed = names(&dir.path().join("failed"));
    let told = fs::read_to_string(dir.path().join("failed").join(&failed[1])).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["error"]["code"], &told["error"]["exit"]), (&json!("full-no-record"), &json!(65)));
    assert_eq!(node.register.overview().await.unwrap().records(), 1);
}

#[tokio::test]
async fn files_are_imported_once_they_rest_and_told_of() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = node(home.path()).await;
    let mut watcher = watcher(&node, dir.path(), false);
    let (_stop, stopped) = watch::channel(false);
    fs::write(dir.path().join("1.csv"), "record,mobile\nA1,13912345678\nA2,110\n").unwrap();
    fs::write(dir.path().join("2.csv"), "nothing,known\n1,2\n").unwrap();
    watcher.look(&stopped).await.unwrap();
    assert_eq!(names(dir.path()), ["1.csv", "2.csv", "done", "failed"], "they may still be written to");
    watcher.look(&stopped).await.unwrap();
    assert_eq!(names(dir.path()), ["done", "failed"]);
    let done = names(&dir.path().join("done"));
    assert_eq!(done.len(), 3);
    let told = fs::read_to_string(dir.path().join("done").join(&done[1])).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["ok"], &told["records"], &told["rejected"]), (&json!(true), &json!(2), &json!(1)));
    let rejects = fs::read_to_string(dir.path().join("done").join(&done[2])).unwrap();
    assert!(rejects.contains("3,A2,mobile,reject,") && !rejects.contains("110"), "{rejects}");
    let failed = names(&dir.path().join("failed"));
    let told = fs::read_to_string(dir.path().join("failed").join(&failed[1])).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["ok"], &told["error"]["code"]), (&json!(false), &json!("register-no-record-column")));
    let rejects = fs::read_to_string(dir.path().join("failed").join(&failed[2])).unwrap();
    assert!(
        rejects.trim_start_matches('\u{FEFF}').starts_with("row,record,") && rejects.lines().count() == 1,
        "{rejects}"
    );
    assert!(node.register.overview().await.unwrap().records() == 2);

    // Killed after the import and before it was put away: it is imported again, and nothing changes.
    fs::write(dir.path().join("1.csv"), "record,mobile\nA1,13912345678\nA2,110\n").unwrap();
    fs::write(dir.path().join("1.csv.ready"), "").unwrap();
    fs::write(dir.path().join(".1.csv.rejects"), "half").unwrap();
    watcher.look(&stopped).await.unwrap();
    assert_eq!(names(dir.path()), ["done", "failed"]);
    assert!(node.register.overview().await.unwrap().records() == 2);
}

/// An older file that has never rested would take back what the newer one says, if it came after it.
#[tokio::test]
async fn files_behind_one_that_is_still_written_to_are_imported_after_it() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = node(home.path()).await;
    let mut watcher = watcher(&node, dir.path(), true);
    let (_stop, stopped) = watch::channel(false);
    fs::write(dir.path().join("b.csv"), "record,mobile\nA1,13712345678\nA2,13812345678\n").unwrap();
    for text in ["record,mobile\n", "record,mobile\nA1,13912345678\n"] {
        fs::write(dir.path().join("a.csv"), text).unwrap();
        watcher.look(&stopped).await.unwrap();
        assert_eq!(names(dir.path()), ["a.csv", "b.csv", "done", "failed"]);
    }
    watcher.look(&stopped).await.unwrap();
    assert_eq!(names(dir.path()), ["done", "failed"]);
    assert_eq!(node.register.overview().await.unwrap().records(), 2, "and nothing is taken back");
}
