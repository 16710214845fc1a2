//! Every record after everything that can be done to it, in a register: how it stands then, whether a person holds it, and
//! what enters jobs. The tables of the decisions are those of `register/standing.rs`.

use lianfang_proto::catalogue::Hold;

use super::*;

/// One of which the register knows nothing; one that stands in each way; and the same held by hand.
const RECORDS: [&str; 11] = ["n0", "e0", "v0", "h0", "r0", "x0", "e1", "v1", "h1", "r1", "x1"];
/// How they stand before: it enters, victim, held, role unknown, retracted.
const BEFORE: &str = "-EVHRXEVHRX";
const HELD_BEFORE: &str = "......hhhhh";

const ALL: &str = "record,role,hold,wechat";
const NO_ROLE: &str = "record,hold,wechat";
const NO_HOLD: &str = "record,role,wechat";
const NEITHER: &str = "record,wechat";

#[derive(Clone, Copy, Debug)]
enum Done {
    /// A workbook with this header and such a row for each record, or none.
    File {
        header: &'static str,
        row: &'static str,
        full: bool,
    },
    Retract,
    Hold,
    Lift,
}

/// What is known of a record afterwards, and why the deed was refused.
#[derive(Debug, PartialEq, Eq)]
struct After {
    standing: String,
    held: String,
    refused: String,
}

fn rows(header: &str, row: &str) -> String {
    let rows: String = RECORDS.iter().map(|name| format!("{}\n", row.replace('#', name))).collect();
    format!("{header}\n{}", if row.is_empty() { "" } else { &rows })
}

const fn letter(standing: Standing) -> char {
    match standing {
        Standing::Enters => 'E',
        Standing::Victim => 'V',
        Standing::Held => 'H',
        Standing::RoleUnknown => 'R',
        Standing::Retracted => 'X',
    }
}

fn refused(done: Result<RecordId, RegisterError>) -> char {
    match done {
        Ok(_) => '.',
        Err(RegisterError::NoSuchRecord) => 'n',
        Err(RegisterError::AlreadyRetracted) => 'a',
        Err(RegisterError::NotHeldByHand) => 'l',
        Err(error @ (RegisterError::Store(_) | RegisterError::Audit(_))) => panic!("{error}"),
    }
}

impl Desk {
    /// A register with all of them, and an output for what enters.
    async fn with_records() -> Self {
        let desk = Self::new().await;
        let mut text = format!("{ALL}\n");
        for name in &RECORDS[1..] {
            let said = match &name[..1] {
                "v" => "victim,",
                "h" => "agent,dispute",
                "r" => "whoever,",
                _ => "agent,",
            };
            text += &format!("{name},{said},fang_{name}\n");
        }
        desk.import(&text).await;
        for name in ["e1", "v1", "h1", "r1", "x1"] {
            desk.register.hold(name, Hold::Dispute, "li").await.unwrap();
        }
        for name in ["x0", "x1"] {
            desk.register.retract(name, "li").await.unwrap();
        }
        assert_eq!(desk.fill().await, 1, "e0 alone enters");
        desk
    }

    /// Does it to each of them; gives what was refused.
    async fn done(&self, done: Done) -> String {
        let mut said = String::new();
        for name in RECORDS {
            let logged = self.events().await.len();
            let refused = refused(match done {
                Done::File { header, row, full } => {
                    let options = ImportOptions { full, retract_many: true, ..options() };
                    self.import_file(sheet(&rows(header, row)), options).await;
                    return ".".repeat(RECORDS.len());
                }
                Done::Retract => self.register.retract(name, "li").await,
                Done::Hold => self.register.hold(name, Hold::Hardship, "li").await,
                Done::Lift => self.register.lift_hold(name, "li").await,
            });
            let written = self.events().await.len() - logged;
            assert_eq!(written, usize::from(refused == '.'), "what is refused is not in the log: {name}");
            said.push(refused);
        }
        said
    }

    async fn after(&self, refused: String) -> After {
        let (mut standing, mut held) = (String::new(), String::new());
        for name in RECORDS {
            match self.register.show(name).await {
                Ok(shown) => {
                    standing.push(letter(shown.standing));
                    held.push(if shown.hand_hold.is_some() { 'h' } else { '.' });
                    assert_eq!(shown.content.is_none(), shown.standing == Standing::Retracted, "{name}");
                }
                Err(RegisterError::NoSuchRecord) => {
                    standing.push('-');
                    held.push('.');
                }
                Err(error) => panic!("{error}"),
            }
        }
        After { standing, held, refused }
    }

    async fn becomes(&self, done: Done, wanted: &After) {
        let refused = self.done(done).await;
        let found = self.after(refused).await;
        assert_eq!(found, *wanted, "{done:?}");
        let entering = RECORDS.iter().zip(wanted.standing.chars().zip(wanted.held.chars()));
        let entering = entering.filter(|(_, stands)| *stands == ('E', '.'));
        let values: Vec<String> = entering.map(|(name, _)| format!("wechat fang_{name}")).collect();
        let mut found = self.values(&self.everything()).await;
        found.sort_by_key(|value| RECORDS.iter().position(|name| value.ends_with(*name)));
        assert_eq!(found, values, "{done:?}");
        let kept = values.iter().any(|value| value.ends_with("e0"));
        assert_eq!(
            self.cached().await,
            u64::from(kept),
            "an output goes with what no longer enters: {done:?}"
        );
    }
}

/// The header, every record's row, and how the records stand after it.
const FILES: [(&str, &str, &str); 17] = [
    (ALL, "#,agent,,fang_#", "EEEEEEEEEEE"),
    (ALL, "#,agency,,fang_#", "EEEEEEEEEEE"),
    (ALL, "#,,,fang_#", "EEEEEEEEEEE"),
    (ALL, "#,victim,,fang_#", "VVVVVVVVVVV"),
    (ALL, "#,victim,dispute,fang_#", "VVVVVVVVVVV"),
    (ALL, "#,agent,dispute,fang_#", "HHHHHHHHHHH"),
    (ALL, "#,agent,perhaps,fang_#", "HHHHHHHHHHH"),
    (ALL, "#,whoever,dispute,fang_#", "HHHHHHHHHHH"),
    (ALL, "#,whoever,,fang_#", "RRRRRRRRRRR"),
    // What the file has no column for stays as it is known; of a new and of a retracted record nothing is.
    (NEITHER, "#,fang_#", "EEVHREEVHRE"),
    (NO_ROLE, "#,,fang_#", "EEVEREEVERE"),
    (NO_ROLE, "#,dispute,fang_#", "HHVHHHHVHHH"),
    (NO_HOLD, "#,agent,fang_#", "EEEHEEEEHEE"),
    (NO_HOLD, "#,victim,fang_#", "VVVVVVVVVVV"),
    (NO_HOLD, "#,whoever,fang_#", "RRRHRRRRHRR"),
    // A row that cannot be read changes nothing, and its record is not lacking.
    (ALL, "#,agent,,fang_#,too,long", BEFORE),
    (NEITHER, "#,fang_#,too,long", BEFORE),
];

#[tokio::test]
async fn every_record_after_every_file_and_every_deed() {
    let after = |standing: &str, held: &str, refused: &str| After {
        standing: standing.to_owned(),
        held: held.to_owned(),
        refused: refused.to_owned(),
    };
    let nothing = "...........";
    for (header, row, standing) in FILES {
        for full in [false, true] {
            let desk = Desk::with_records().await;
            assert_eq!(desk.after(nothing.to_owned()).await, after(BEFORE, HELD_BEFORE, nothing));
            let wanted = after(standing, HELD_BEFORE, nothing);
            desk.becomes(Done::File { header, row, full }, &wanted).await;
        }
    }
    let table = [
        (Done::File { header: ALL, row: "", full: false }, after(BEFORE, HELD_BEFORE, nothing)),
        (Done::File { header: ALL, row: "", full: true }, after("-XXXXXXXXXX", HELD_BEFORE, nothing)),
        (Done::Retract, after("-XXXXXXXXXX", HELD_BEFORE, "n....a....a")),
        (Done::Hold, after(BEFORE, ".hhhhhhhhhh", "n..........")),
        (Done::Lift, after(BEFORE, nothing, "nlllll.....")),
    ];
    for (done, wanted) in table {
        Desk::with_records().await.becomes(done, &wanted).await;
    }
}
