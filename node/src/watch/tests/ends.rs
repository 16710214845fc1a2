//! What becomes of a file that is ready: whatever it meets, and whatever waits behind it.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use lianfang_desk::Lang;
use lianfang_proto::listed;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::*;
use crate::ingest::{Entry, IngestError};
use crate::ports::{Micros, Pause};

const REGISTER: &str = "record,mobile\nA1,13912345678\n";

listed! {
    /// What a file meets that is ready.
    enum Meets {
        Nothing,
        NoHeader,
        RefusingStore,
        DamagedStore,
        /// Another file takes its name.
        Another,
        /// It is written to once its import has begun.
        Growth,
        Removal,
        NoOpening,
        /// It opens, and cannot be read.
        FailingDisk,
        OtherImport,
        /// They can be opened, and not be written.
        UnwritableRejects,
    }
}

impl Meets {
    const fn text(self) -> &'static str {
        match self {
            Self::NoHeader => "nothing,known\n1,2\n",
            Self::Nothing
            | Self::RefusingStore
            | Self::DamagedStore
            | Self::Another
            | Self::Growth
            | Self::Removal
            | Self::NoOpening
            | Self::FailingDisk
            | Self::OtherImport
            | Self::UnwritableRejects => REGISTER,
        }
    }

    fn opener(self) -> fn(&Path) -> io::Result<File> {
        match self {
            Self::Nothing
            | Self::NoHeader
            | Self::RefusingStore
            | Self::DamagedStore
            | Self::Growth
            | Self::OtherImport
            | Self::UnwritableRejects => folder::open,
            Self::Another => |path| {
                let file = File::open(path)?;
                let next = path.with_file_name("next.part");
                fs::write(&next, "record,mobile\nA2,13912345678\n")?;
                fs::rename(next, path)?;
                Ok(file)
            },
            Self::Removal => |path| {
                let file = File::open(path)?;
                fs::remove_file(path)?;
                Ok(file)
            },
            Self::NoOpening => |_| Err(io::ErrorKind::PermissionDenied.into()),
            // The system refuses to read what was opened to be written.
            Self::FailingDisk => |path| File::options().write(true).open(path),
        }
    }

    fn maker(self) -> fn(&Path) -> io::Result<File> {
        match self {
            Self::UnwritableRejects => |path| {
                folder::make(path)?;
                File::open(path)
            },
            Self::Nothing
            | Self::NoHeader
            | Self::RefusingStore
            | Self::DamagedStore
            | Self::Another
            | Self::Growth
            | Self::Removal
            | Self::NoOpening
            | Self::FailingDisk
            | Self::OtherImport => folder::make,
        }
    }
}

/// The machine's clock; the first who asks it for the time once a file is named has that file written to meanwhile.
#[derive(Default)]
struct Meddling(Mutex<Option<PathBuf>>);

impl Clock for Meddling {
    fn now(&self) -> Micros {
        if let Some(path) = self.0.lock().unwrap().take() {
            File::options().append(true).open(path).unwrap().write_all(b"A2,13812345678\n").unwrap();
        }
        SystemClock.now()
    }
}

/// An import that lasts until it is told to end.
struct Other {
    end: mpsc::Sender<()>,
    done: JoinHandle<bool>,
}

impl Other {
    /// One that has begun.
    async fn begun(node: &Arc<App>) -> Self {
        let ((end, ends), (began, begun)) = (mpsc::channel::<()>(), oneshot::channel::<()>());
        let mut began = Some(began);
        let entries = std::iter::from_fn(move || {
            began.take().unwrap().send(()).unwrap();
            // Until the other end is gone.
            ends.recv().unwrap_err();
            None::<Result<Entry, IngestError>>
        });
        let node = Arc::clone(node);
        let done = tokio::spawn(async move {
            let source =
                Source { content: None, header: Vec::new(), lacks: Vec::new(), origin: None, entries };
            let today = node.today();
            let what = ImportOptions { full: false, retract_many: false, dry_run: true, today };
            let mut rejects = Rejects::new(Vec::new(), Lang::En).unwrap();
            node.register.import(source, what, &mut rejects, |_| ()).await.is_ok()
        });
        begun.await.unwrap();
        Self { end, done }
    }

    async fn end(self) {
        drop(self.end);
        assert!(self.done.await.unwrap());
    }
}

/// A node and its watched folder.
struct Bench {
    node: Arc<App>,
    clock: Arc<Meddling>,
    dir: TempDir,
    _home: TempDir,
    watcher: Watcher,
    stopped: watch::Receiver<bool>,
    _stop: watch::Sender<bool>,
    other: Option<Other>,
}

impl Bench {
    async fn new() -> Self {
        let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let clock = Arc::new(Meddling::default());
        let node = node_by(home.path(), clock.clone()).await;
        let watcher = watcher(&node, dir.path(), false);
        let (stop, stopped) = watch::channel(false);
        Self { node, clock, dir, _home: home, watcher, stopped, _stop: stop, other: None }
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    async fn look(&mut self) -> Result<(), Problem> {
        self.watcher.look(&self.stopped).await
    }

    /// Spoils what an import before has stored.
    async fn damage_store(&mut self) {
        self.put("before.csv", "record,mobile\nA0,13912345678\n");
        self.put("before.csv.ready", "");
        self.look().await.unwrap();
        let spoil = sqlx::query("UPDATE block SET body = $1").bind(vec![0_u8; 64]);
        spoil.execute(self.node.store.pool()).await.unwrap();
    }

    /// Has `a.csv` meet this with the next look.
    async fn meet(&mut self, meets: Meets) {
        self.watcher.folder.opener = meets.opener();
        self.watcher.folder.maker = meets.maker();
        match meets {
            Meets::RefusingStore => crate::store::tests::refuse(&self.node.store, "block").await,
            Meets::Growth => *self.clock.0.lock().unwrap() = Some(self.dir.path().join("a.csv")),
            Meets::OtherImport => self.other = Some(Other::begun(&self.node).await),
            // The store was damaged before there was a file.
            Meets::DamagedStore
            | Meets::Nothing
            | Meets::NoHeader
            | Meets::Another
            | Meets::Removal
            | Meets::NoOpening
            | Meets::FailingDisk
            | Meets::UnwritableRejects => {}
        }
    }

    /// Takes away what was met. A damaged store stays so.
    async fn part(&mut self, meets: Meets) {
        self.watcher.folder.opener = folder::open;
        self.watcher.folder.maker = folder::make;
        assert!(self.clock.0.lock().unwrap().is_none(), "the file was written to");
        if meets == Meets::RefusingStore {
            crate::store::tests::allow(&self.node.store, "block").await;
        }
        if let Some(other) = self.other.take() {
            other.end().await;
        }
    }

    /// `l` where it lies where it was, `d` and `f` where it was put away, `-` where it is nowhere.
    fn place_of(&self, name: &str) -> char {
        let dir = self.dir.path();
        let put_away =
            |place: &str| names(&dir.join(place)).iter().any(|put| put.ends_with(&format!("-{name}")));
        match (dir.join(name).exists(), put_away("done"), put_away("failed")) {
            (true, false, false) => 'l',
            (false, true, false) => 'd',
            (false, false, true) => 'f',
            (false, false, false) => '-',
            several => panic!("it is in two places: {several:?}"),
        }
    }

    /// What the outcome of a file that was imported says.
    fn told(&self, name: &str) -> Value {
        let done = self.dir.path().join("done");
        let outcome = names(&done).into_iter().find(|put| put.ends_with(&format!("-{name}.json"))).unwrap();
        serde_json::from_str(&fs::read_to_string(done.join(outcome)).unwrap()).unwrap()
    }

    /// How many imports have begun, by the audit log.
    async fn begun(&self) -> i64 {
        let begun = "SELECT count(*) FROM audit_entry WHERE event = 'register.import-began'";
        sqlx::query_scalar(begun).fetch_one(self.node.store.pool()).await.unwrap()
    }
}

/// Whether the look that takes it succeeds; and where it is then, and, when what it met is gone, after the next two.
#[tokio::test]
async fn every_end_of_a_file_that_was_ready() {
    let table: [(Meets, bool, &str); Meets::ALL.len()] = [
        (Meets::Nothing, true, "ddd"),
        (Meets::NoHeader, true, "fff"),
        (Meets::RefusingStore, false, "ldd"),
        (Meets::DamagedStore, false, "lll"),
        (Meets::Another, true, "lld"),
        (Meets::Growth, true, "lld"),
        (Meets::Removal, true, "---"),
        (Meets::NoOpening, true, "ldd"),
        (Meets::FailingDisk, false, "ldd"),
        (Meets::OtherImport, false, "ldd"),
        (Meets::UnwritableRejects, false, "ldd"),
    ];
    assert_eq!(table.map(|(meets, ..)| meets), Meets::ALL);
    for (meets, looked, wanted) in table {
        let mut bench = Bench::new().await;
        if meets == Meets::DamagedStore {
            bench.damage_store().await;
        }
        bench.put("a.csv", meets.text());
        bench.look().await.unwrap();
        assert_eq!(bench.place_of("a.csv"), 'l', "it may still be written to");
        bench.meet(meets).await;
        assert_eq!(bench.look().await.is_ok(), looked, "{meets:?}");
        let mut found = String::from(bench.place_of("a.csv"));
        assert!(!bench.dir.path().join(".a.csv.rejects").exists(), "{meets:?}");
        bench.part(meets).await;
        for _ in 0..2 {
            // A damaged store stays so: that is told with every look, and no file is blamed for it.
            assert_eq!(bench.look().await.is_ok(), meets != Meets::DamagedStore, "{meets:?}");
            found.push(bench.place_of("a.csv"));
        }
        assert_eq!(found, wanted, "{meets:?}");
    }
}

/// Every try is an import that has begun, for the audit log: so a look tries one file, and leaves the others.
#[tokio::test]
async fn a_damaged_store_is_tried_with_one_file_a_look() {
    let mut bench = Bench::new().await;
    bench.damage_store().await;
    bench.put("b.csv", "record,mobile\nA2,13812345678\n");
    bench.put("a.csv", REGISTER);
    bench.look().await.unwrap();
    assert_eq!(bench.begun().await, 1, "that before the store was damaged");
    for tries in 1..=3 {
        assert!(bench.look().await.is_err());
        assert_eq!(names(bench.dir.path()), ["a.csv", "b.csv", "done", "failed"], "and no rejects");
        assert_eq!((bench.place_of("a.csv"), bench.place_of("b.csv")), ('l', 'l'));
        assert_eq!(bench.begun().await, 1 + tries);
    }
}

/// An older file that is imported after a newer one would take back what that says.
#[tokio::test]
async fn files_that_waited_for_the_store_are_imported_in_their_order() {
    let mut bench = Bench::new().await;
    bench.put("b.csv", "record,mobile\nA1,13812345678\n");
    bench.put("a.csv", REGISTER);
    bench.look().await.unwrap();
    bench.meet(Meets::RefusingStore).await;
    assert!(bench.look().await.is_err());
    assert_eq!(names(bench.dir.path()), ["a.csv", "b.csv", "done", "failed"]);
    assert_eq!(bench.begun().await, 1, "of one file");
    bench.part(Meets::RefusingStore).await;
    bench.look().await.unwrap();
    let (first, second) = (bench.told("a.csv"), bench.told("b.csv"));
    assert_eq!((&first["added"], &first["changed"]), (&json!(1), &json!(0)));
    assert_eq!((&second["added"], &second["changed"]), (&json!(0), &json!(1)));
}

/// So it is where the older one changes while it is imported: the newer one waits until that rests, or is gone.
#[tokio::test]
async fn files_behind_one_that_changed_are_imported_after_it() {
    for meets in [Meets::Growth, Meets::Another, Meets::Removal] {
        let mut bench = Bench::new().await;
        bench.put("a.csv", REGISTER);
        bench.put("b.csv", "record,mobile\nA1,13712345678\n");
        bench.look().await.unwrap();
        bench.meet(meets).await;
        bench.look().await.unwrap();
        assert_eq!(bench.place_of("b.csv"), 'l', "{meets:?}");
        bench.part(meets).await;
        bench.look().await.unwrap();
        let gone = meets == Meets::Removal;
        assert_eq!(
            (bench.place_of("a.csv") == '-', bench.place_of("b.csv") == 'd'),
            (gone, gone),
            "{meets:?}"
        );
        bench.look().await.unwrap();
        assert_eq!(bench.place_of("b.csv"), 'd', "{meets:?}");
        assert_eq!(bench.place_of("a.csv"), if gone { '-' } else { 'd' }, "{meets:?}");
        // What the newer file says stands.
        assert_eq!(bench.told("b.csv")["unchanged"], json!(0), "{meets:?}");
        bench.put("c.csv", "record,mobile\nA1,13712345678\n");
        bench.put("c.csv.ready", "");
        bench.look().await.unwrap();
        assert_eq!(bench.told("c.csv")["unchanged"], json!(1), "{meets:?}");
    }
}

/// A clock by which pauses take no time. After the third the folder is there again; the fourth is the last.
struct Noting {
    pauses: Mutex<Vec<Duration>>,
    folder: PathBuf,
    stop: watch::Sender<bool>,
}

impl Clock for Noting {
    fn now(&self) -> Micros {
        SystemClock.now()
    }

    fn sleep(&self, time: Duration) -> Pause {
        let mut pauses = self.pauses.lock().unwrap();
        pauses.push(time);
        if pauses.len() == 3 {
            fs::create_dir(&self.folder).unwrap();
        } else if pauses.len() == 4 {
            self.stop.send_replace(true);
        }
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn the_watcher_waits_longer_after_looks_that_failed() {
    let (home, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (stop, stopped) = watch::channel(false);
    let folder = dir.path().join("in");
    let clock = Arc::new(Noting { pauses: Mutex::default(), folder: folder.clone(), stop });
    let node = node_by(home.path(), clock.clone()).await;
    fs::create_dir(&folder).unwrap();
    let watcher = watcher(&node, &folder, false);
    fs::remove_dir_all(&folder).unwrap();
    watcher.run(stopped).await;
    let seconds: Vec<_> = clock.pauses.lock().unwrap().iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [2, 4, 8, 1]);
}
