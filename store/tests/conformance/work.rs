//! The row of a piece of work, as a table: every state that it can be in × every operation, by whom or under which lease.

mod cases;

use std::collections::BTreeMap;

use lianfang_store::trial::Trial;
use lianfang_store::work::{
    Ending, Held, Lease, State, Subject, Turn, Worker, acquire, acquire_anyway, discard, find, finish, leave,
    release, renew, restart, take_seat,
};
use lianfang_store::{Connection, Database, Row, number};
use sqlx::Row as _;

use super::WORK;
use cases::{Case, Holder, NOW, Op, RULE, TABLE, Who, Whose};

const CHANCE: u64 = u64::MAX / 3;

const KIND: &str = "job";
const ID: [u8; 16] = [7; 16];
/// Rows that are none of our business, of other pieces of the same kind, and of other kinds with the same bytes: held by a
/// stranger, or free after a failure.
const BESIDE: [(&str, [u8; 16], Option<Worker>); 4] = [
    (KIND, [8; 16], Some(STRANGER)),
    ("duty", ID, Some(STRANGER)),
    (KIND, [9; 16], None),
    ("errand", ID, None),
];
const STRANGER: Worker = Worker { seat: [99; 16], owner: [99; 16] };
/// Where rows are put that differ from ours in the subject alone, or in the kind alone.
const TWINS: [(&str, [u8; 16]); 2] = [(KIND, [10; 16]), ("ceremony", ID)];

/// All that is stored of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    seat: Option<Vec<u8>>,
    owner: Option<Vec<u8>>,
    fence: i64,
    held_until: i64,
    /// The rest of it, as if nobody held it.
    turn: Turn,
}

impl Stored {
    async fn read(tx: &mut Connection, kind: &str, id: &[u8]) -> Option<Self> {
        let row = sqlx::query("SELECT * FROM work WHERE kind = $1 AND subject = $2").bind(kind).bind(id);
        Some(Self::of(&row.fetch_optional(tx).await.unwrap()?))
    }

    fn of(row: &Row) -> Self {
        let turn = Turn {
            held_until: None,
            attempts: number(row, "attempts").unwrap(),
            strikes: number(row, "strikes").unwrap(),
            not_before: number(row, "not_before").unwrap(),
            fault: row.try_get("fault").unwrap(),
        };
        Self {
            seat: row.try_get("seat").unwrap(),
            owner: row.try_get("owner").unwrap(),
            fence: number(row, "fence").unwrap(),
            held_until: number(row, "held_until").unwrap(),
            turn,
        }
    }

    fn by(self, worker: &Worker, fence: i64) -> Self {
        let held_until = NOW + RULE.lease;
        Self {
            seat: Some(worker.seat.to_vec()),
            owner: Some(worker.owner.to_vec()),
            fence,
            held_until,
            ..self
        }
    }

    fn by_nobody(self) -> Self {
        Self { seat: None, owner: None, held_until: 0, ..self }
    }

    fn as_found(&self) -> Turn {
        Turn { held_until: self.owner.is_some().then_some(self.held_until), ..self.turn.clone() }
    }
}

fn subject() -> Subject {
    Subject::new(KIND, ID)
}

/// The row as it was laid out, and the leases that were given on it.
struct Laid {
    before: Option<Stored>,
    last: Lease,
    earlier: Lease,
    heirs: Lease,
    others: Lease,
}

impl Laid {
    fn lease(&mut self, whose: Whose) -> &mut Lease {
        match whose {
            Whose::Last => &mut self.last,
            Whose::Earlier => &mut self.earlier,
            Whose::Heirs => &mut self.heirs,
            Whose::Others => &mut self.others,
        }
    }
}

/// Puts a row there: held by this worker under this number, or by nobody.
async fn put(tx: &mut Connection, kind: &str, id: &[u8], holder: Option<(Worker, i64)>, turn: &Turn) {
    let insert = "INSERT INTO work (kind, subject, seat, owner, fence, held_until, attempts, strikes, not_before, fault)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (fence, held_until) = holder.map_or((1, 0), |(_, fence)| (fence, NOW + 5));
    sqlx::query(insert)
        .bind(kind)
        .bind(id)
        .bind(holder.map(|(worker, _)| worker.seat.to_vec()))
        .bind(holder.map(|(worker, _)| worker.owner.to_vec()))
        .bind(fence)
        .bind(held_until)
        .bind(i64::from(turn.attempts))
        .bind(i64::from(turn.strikes))
        .bind(turn.not_before)
        .bind(turn.fault.as_str())
        .execute(tx)
        .await
        .unwrap();
}

fn failed_once() -> Turn {
    Turn { attempts: 1, ..Turn::default() }
}

/// An operation under a lease finds other work that the same worker holds under the same number.
async fn lay_out_twins(tx: &mut Connection, op: &Op, laid: &mut Laid) {
    let whose = match op {
        Op::Renew(whose) | Op::Release(whose, _) | Op::Finish(whose) => *whose,
        Op::Acquire(_)
        | Op::AcquireAnyway(_)
        | Op::TakeSeat(_)
        | Op::Leave(_)
        | Op::Restart
        | Op::Discard => return,
    };
    let holder = (whose.who().worker(), laid.lease(whose).fence());
    for (kind, id) in TWINS {
        put(tx, kind, &id, Some(holder), &failed_once()).await;
    }
}

async fn take(tx: &mut Connection, who: Who, at: i64) -> Lease {
    acquire_anyway(tx, &who.worker(), &subject(), &RULE, at).await.unwrap().unwrap()
}

/// Lays out the row in this state, with its history: another, an heir and we have had it before.
async fn lay_out(tx: &mut Connection, case: Case) -> Laid {
    sqlx::query("DELETE FROM work").execute(&mut *tx).await.unwrap();
    for (kind, id, holder) in BESIDE {
        put(tx, kind, &id, holder.map(|worker| (worker, 1)), &failed_once()).await;
    }
    put(tx, KIND, &ID, None, &case.turn()).await;
    let others = take(tx, Who::Other, NOW - 200).await;
    let heirs = take(tx, Who::Heir, NOW - 160).await;
    let earlier = take(tx, Who::Us, NOW - 120).await;
    let since = if let Holder::Us(since) = case.holder() { since } else { NOW - 40 };
    let last = take(tx, Who::Us, since).await;
    let given_back = match case.holder() {
        Holder::NoRow => finish(tx, &last, since + 1).await.unwrap(),
        Holder::Nobody => release(tx, &last, &Ending::Left, &RULE, since + 1, 0).await.unwrap(),
        Holder::Us(_) => Held::Yes,
    };
    assert_eq!(given_back, Held::Yes, "{case:?}");
    let before = Stored::read(tx, KIND, &ID).await;
    assert_eq!(before.as_ref().map(|row| row.turn.clone()).unwrap_or_default(), case.turn(), "{case:?}");
    Laid { before, last, earlier, heirs, others }
}

/// What an operation has returned: a word for it, and the lease that it gave or renewed.
struct Returned(&'static str, Option<Lease>);

fn of_lease(lease: Option<Lease>) -> Returned {
    Returned(if lease.is_some() { "a lease" } else { "none" }, lease)
}

fn of_held(held: Held) -> Returned {
    match held {
        Held::Yes => Returned("held", None),
        Held::Lost => Returned("lost", None),
    }
}

async fn perform(tx: &mut Connection, op: &Op, laid: &mut Laid) -> Returned {
    let subject = subject();
    match op {
        Op::Acquire(who) => of_lease(acquire(tx, &who.worker(), &subject, &RULE, NOW).await.unwrap()),
        Op::AcquireAnyway(who) => {
            of_lease(acquire_anyway(tx, &who.worker(), &subject, &RULE, NOW).await.unwrap())
        }
        Op::Renew(whose) => {
            let lease = laid.lease(*whose);
            let until = lease.until();
            let held = renew(tx, lease, &RULE, NOW).await.unwrap();
            assert!(held == Held::Yes || lease.until() == until, "what is lost lasts no longer");
            let Returned(word, _) = of_held(held);
            Returned(word, Some(lease.clone()))
        }
        Op::Release(whose, ending) => {
            of_held(release(tx, laid.lease(*whose), ending, &RULE, NOW, CHANCE).await.unwrap())
        }
        Op::Finish(whose) => of_held(finish(tx, laid.lease(*whose), NOW).await.unwrap()),
        Op::TakeSeat(who) => match take_seat(tx, &who.worker()).await.unwrap() {
            0 => Returned("no row", None),
            1 => Returned("one row", None),
            more => panic!("{more} rows"),
        },
        Op::Leave(who) => {
            leave(tx, &who.worker()).await.unwrap();
            Returned("nothing", None)
        }
        Op::Restart => {
            Returned(if restart(tx, &subject, &RULE, NOW).await.unwrap() { "yes" } else { "no" }, None)
        }
        Op::Discard => {
            discard(tx, KIND, &ID[..9]).await.unwrap();
            Returned("nothing", None)
        }
    }
}

/// What the table says of an operation: the word for what it returns, and the row after it.
fn wanted(cell: &str, op: &Op, laid: &Laid, given: Option<&Lease>) -> (&'static str, Option<Stored>) {
    let same = || laid.before.clone();
    let row = || same().unwrap_or_else(|| panic!("{op:?}: {cell} where there is no row"));
    let after = || {
        let Op::Release(_, ending) = op else { panic!("{op:?}: {cell} is for a release") };
        laid.last.before().after(ending, &RULE, NOW, CHANCE)
    };
    let worker = || {
        let (Op::Acquire(who) | Op::AcquireAnyway(who)) = op else { panic!("{op:?}: {cell} is for takers") };
        who.worker()
    };
    let fresh = || Stored { seat: None, owner: None, fence: 0, held_until: 0, turn: Turn::default() };
    match cell {
        "taken" => {
            let fence = given.map_or(0, Lease::fence);
            ("a lease", Some(same().unwrap_or_else(fresh).by(&worker(), fence)))
        }
        "none" => ("none", same()),
        "longer" => ("held", Some(Stored { held_until: NOW + RULE.lease, ..row() })),
        "lost" => ("lost", same()),
        "ended" => ("held", Some(Stored { turn: after(), ..row().by_nobody() })),
        "gone" => ("held", None),
        "freed" => ("one row", Some(row().by_nobody())),
        "idle" => ("no row", same()),
        "left" => ("nothing", Some(row().by_nobody())),
        "kept" => ("nothing", same()),
        "drop" => ("nothing", None),
        "again" => ("yes", Some(Stored { turn: Turn::default(), ..row().by_nobody() })),
        "no" => ("no", same()),
        unknown => panic!("{op:?}: the table says {unknown}"),
    }
}

/// A lease that was given or renewed says what is stored.
fn is_told(lease: &Lease, laid: &Laid, after: &Stored, is_new: bool, what: &str) {
    assert_eq!((lease.subject(), lease.fence()), (&subject(), after.fence), "{what}");
    assert_eq!(lease.until(), after.held_until, "{what}");
    if is_new {
        let last = [&laid.last, &laid.earlier, &laid.heirs, &laid.others].map(Lease::fence);
        assert!(last.iter().all(|fence| lease.fence() > *fence), "{what}: a number is given once");
        let before = laid.before.as_ref().map(|row| row.turn.clone()).unwrap_or_default();
        assert_eq!(lease.before(), &before, "{what}");
    }
}

type Cells = BTreeMap<(String, &'static str), &'static str>;

fn table() -> Cells {
    let mut lines = TABLE.lines().filter_map(|line| line.split_once('|'));
    let columns: Vec<&str> = lines.next().unwrap().1.split_whitespace().collect();
    let mut cells = BTreeMap::new();
    for (name, line) in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words.len(), columns.len(), "{name}");
        for (column, word) in columns.iter().zip(words) {
            assert!(cells.insert((name.trim().to_owned(), *column), word).is_none(), "{name} twice");
        }
    }
    cells
}

fn said(cells: &Cells, line: &str, case: Case) -> &'static str {
    let cell = cells.get(&(line.to_owned(), case.word()));
    cell.copied().unwrap_or_else(|| panic!("the table lacks {line} of {case:?}"))
}

pub(crate) async fn every_state_of_a_row_and_every_operation(trial: &Trial) {
    let database = Database::open(&trial.place(), &WORK).await.unwrap();
    let (cells, ops) = (table(), Op::all());
    assert_eq!(cells.len(), (ops.len() + 1) * Case::ALL.len(), "the table says more than is asked");
    let mut tx = database.begin().await.unwrap();
    for case in Case::ALL {
        let laid = lay_out(&mut tx, case).await;
        let found = find(&mut tx, &subject()).await.unwrap();
        assert_eq!(found, laid.before.as_ref().map(Stored::as_found), "{case:?}");
        let state = match found.unwrap_or_default().state(&RULE, NOW) {
            State::Free => "free",
            State::Held { .. } => "held",
            State::Waiting { .. } => "waits",
            State::Resting => "rests",
        };
        assert_eq!(state, said(&cells, "state", case), "{case:?}");
        for op in &ops {
            let what = format!("{op:?} of {case:?}");
            let mut laid = lay_out(&mut tx, case).await;
            lay_out_twins(&mut tx, op, &mut laid).await;
            let others = others_rows(&mut tx).await;
            let Returned(returned, lease) = perform(&mut tx, op, &mut laid).await;
            let after = Stored::read(&mut tx, KIND, &ID).await;
            let wanted = wanted(said(&cells, &op.word(), case), op, &laid, lease.as_ref());
            assert_eq!((returned, &after), (wanted.0, &wanted.1), "{what}");
            if let (Some(lease), Some(after), "a lease" | "held") = (&lease, &after, returned) {
                is_told(lease, &laid, after, returned == "a lease", &what);
            }
            assert_eq!(others_rows(&mut tx).await, others, "{what} touches others");
        }
    }
}

/// All rows but ours, in their order.
async fn others_rows(tx: &mut Connection) -> Vec<(String, Vec<u8>, Stored)> {
    let rows = sqlx::query("SELECT * FROM work ORDER BY kind, subject").fetch_all(tx).await.unwrap();
    let mut others = Vec::new();
    for row in rows {
        let (kind, id): (String, Vec<u8>) = (row.try_get("kind").unwrap(), row.try_get("subject").unwrap());
        if (kind.as_str(), &id[..]) != (KIND, &ID[..]) {
            others.push((kind, id, Stored::of(&row)));
        }
    }
    assert!(others.len() >= BESIDE.len(), "they are there");
    others
}
