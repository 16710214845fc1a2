//! Every deed at every state of a key: what the table says, and that the store does it, whichever process did what
//! came before.

use lianfang_proto::listed;

use super::*;
use crate::key_holder::tests::{KEY, Party, Still, dealt};

/// The generation of the share that is in use where one is.
const ACTIVE: u32 = 1;

listed! { enum State { NoShare, InUse, Closed } }
listed! { enum Deed { GivenOlder, GivenSame, GivenNext, CarriedOlder, CarriedSame, CarriedNext, Close } }

impl State {
    fn stands(self) -> Stands {
        match self {
            Self::NoShare => Stands::NoShare,
            Self::InUse => Stands::InUse(Generation(ACTIVE)),
            Self::Closed => Stands::Closed,
        }
    }

    fn of(stands: Stands) -> Self {
        match stands {
            Stands::NoShare => Self::NoShare,
            Stands::InUse(_) => Self::InUse,
            Stands::Closed => Self::Closed,
        }
    }
}

impl Deed {
    fn event(self) -> Event {
        match self {
            Self::GivenOlder => Event::Given(Generation(ACTIVE - 1)),
            Self::GivenSame => Event::Given(Generation(ACTIVE)),
            Self::GivenNext => Event::Given(Generation(ACTIVE + 1)),
            Self::CarriedOlder => Event::Carried(Generation(ACTIVE - 1)),
            Self::CarriedSame => Event::Carried(Generation(ACTIVE)),
            Self::CarriedNext => Event::Carried(Generation(ACTIVE + 1)),
            Self::Close => Event::Close,
        }
    }

    fn all_of(event: Event) -> &'static [Self] {
        match event {
            Event::Given(_) => &[Self::GivenOlder, Self::GivenSame, Self::GivenNext],
            Event::Carried(_) => &[Self::CarriedOlder, Self::CarriedSame, Self::CarriedNext],
            Event::Close => &[Self::Close],
        }
    }
}

/// The table.
fn after(state: State, deed: Deed) -> Result<Stands, Refused> {
    let in_use = |generation| Ok(Stands::InUse(Generation(generation)));
    match (state, deed) {
        (State::NoShare, Deed::GivenOlder | Deed::CarriedOlder) => in_use(ACTIVE - 1),
        (State::NoShare, Deed::GivenSame | Deed::CarriedSame) => in_use(ACTIVE),
        (State::NoShare, Deed::GivenNext | Deed::CarriedNext) => in_use(ACTIVE + 1),
        (State::NoShare, Deed::Close) => Ok(Stands::Closed),
        (State::InUse, Deed::GivenOlder) => Err(Refused::Superseded),
        (State::InUse, Deed::GivenSame) => in_use(ACTIVE),
        (State::InUse, Deed::GivenNext) => in_use(ACTIVE + 1),
        (State::InUse, Deed::CarriedOlder) => Err(Refused::Superseded),
        (State::InUse, Deed::CarriedSame) => Err(Refused::Superseded),
        (State::InUse, Deed::CarriedNext) => Err(Refused::Superseded),
        (State::InUse, Deed::Close) => Ok(Stands::Closed),
        (State::Closed, Deed::GivenOlder | Deed::GivenSame | Deed::GivenNext) => Err(Refused::Closed),
        (State::Closed, Deed::CarriedOlder | Deed::CarriedSame | Deed::CarriedNext) => Err(Refused::Closed),
        (State::Closed, Deed::Close) => Ok(Stands::Closed),
    }
}

#[test]
fn every_deed_at_every_state_of_a_key() {
    for state in State::ALL {
        assert_eq!(State::of(state.stands()), state);
        for deed in Deed::ALL {
            let event = deed.event();
            assert!(Deed::all_of(event).contains(&deed), "{deed:?}");
            assert_eq!(state.stands().apply(event), after(state, deed), "{state:?} {deed:?}");
        }
    }
}

/// A share of each generation, of one holder among three, with its record.
struct Dealt(Vec<(Zeroizing<Vec<u8>>, EndorsedKeyRecord)>);

impl Dealt {
    fn new() -> Self {
        let clock = Arc::new(Still::default());
        let [a, b, c] = ["alpha", "beta", "gamma"].map(|name| Party::new(name, &clock));
        let of = |generation| {
            let (shares, record) = dealt(&[&a, &b, &c], KeyId { generation: Generation(generation), ..KEY });
            (shares[0].to_sealed_bytes(), record)
        };
        Self((0..=ACTIVE + 1).map(of).collect())
    }

    async fn give(&self, to: &Vault, generation: Generation) -> Result<(), VaultError> {
        let (share, record) = &self.0[usize::try_from(generation.0).unwrap()];
        let share = KeyShare::decode(share).unwrap();
        to.activate(record.clone(), share, &*crate::ports::Ports::system().chance).await
    }

    /// Does it as the node does.
    async fn perform(&self, at: &Vault, event: Event) -> Result<(), VaultError> {
        match event {
            Event::Given(generation) => self.give(at, generation).await,
            Event::Carried(generation) => {
                let lacking = at.lacks(KeyId { generation, ..KEY }).await?;
                if lacking { self.give(at, generation).await } else { Ok(()) }
            }
            Event::Close => at.close_epoch(KEY.class, KEY.epoch, "li").await.map(drop),
        }
    }

    /// Brings a key that is new here into this state.
    async fn bring(&self, at: &Vault, to: State) {
        match to {
            State::NoShare => {}
            State::InUse => self.perform(at, Event::Given(Generation(ACTIVE))).await.unwrap(),
            State::Closed => self.perform(at, Event::Close).await.unwrap(),
        }
    }
}

async fn opened() -> (Party, Store, Vault) {
    let party = Party::new("alpha", &Arc::new(Still::default()));
    let store = party.start().await;
    let vault = Vault::open(store.clone(), 1).await.unwrap();
    (party, store, vault)
}

async fn in_store(store: &Store) -> (Stands, i64) {
    let mut reader = store.reader().await.unwrap();
    let shares = sqlx::query_scalar("SELECT count(*) FROM key_holder_shares");
    let shares: i64 = shares.fetch_one(&mut *reader).await.unwrap();
    (Stands::read(&mut reader, KEY.class, KEY.epoch).await.unwrap(), shares)
}

/// Also where another process over the same store did what came before, and this one has not heard of it.
#[tokio::test]
async fn the_store_does_what_the_table_says() {
    let dealt = Dealt::new();
    for state in State::ALL {
        for deed in Deed::ALL {
            for unheard in [false, true] {
                let case = format!("{state:?} {deed:?} {unheard}");
                let (_party, store, vault) = opened().await;
                let before =
                    if unheard { Vault::open(store.clone(), 1).await.unwrap() } else { vault.clone() };
                dealt.bring(&before, state).await;

                let wanted = after(state, deed);
                let told = match dealt.perform(&vault, deed.event()).await {
                    Ok(()) => None,
                    Err(VaultError::Superseded) => Some(Refused::Superseded),
                    Err(VaultError::Closed) => Some(Refused::Closed),
                    Err(other) => panic!("{case}: {other}"),
                };
                // What a backup carries in vain is dropped without a word.
                let silent = matches!(deed.event(), Event::Carried(_));
                assert_eq!(told, wanted.err().filter(|_| !silent), "{case}");

                let stands = wanted.unwrap_or(state.stands());
                let shares = i64::from(State::of(stands) == State::InUse);
                assert_eq!(in_store(&store).await, (stands, shares), "{case}");
                vault.refresh(KEY.class, KEY.epoch).await.unwrap();
                let again = Vault::open(store, 1).await.unwrap();
                for vault in [vault, again] {
                    assert_eq!(vault.stands_here(KEY.class, KEY.epoch), stands, "{case}");
                }
            }
        }
    }
}

listed! { enum Elsewhere { Nothing, Given, Closed, Erased } }

#[tokio::test]
async fn a_process_takes_up_what_another_did() {
    let dealt = Dealt::new();
    for state in State::ALL {
        for elsewhere in Elsewhere::ALL {
            let (_party, store, vault) = opened().await;
            dealt.bring(&vault, state).await;
            let other = Vault::open(store.clone(), 1).await.unwrap();
            let next = Generation(ACTIVE + 1);
            match elsewhere {
                Elsewhere::Nothing => {}
                Elsewhere::Given => drop(dealt.perform(&other, Event::Given(next)).await),
                Elsewhere::Closed => dealt.perform(&other, Event::Close).await.unwrap(),
                Elsewhere::Erased => {
                    let erase = sqlx::query("DELETE FROM key_holder_shares");
                    erase.execute(store.pool()).await.unwrap();
                }
            }
            vault.refresh(KEY.class, KEY.epoch).await.unwrap();
            let wanted = match (state, elsewhere) {
                (State::NoShare, Elsewhere::Nothing | Elsewhere::Erased) => Stands::NoShare,
                (State::InUse, Elsewhere::Nothing) => Stands::InUse(Generation(ACTIVE)),
                (State::InUse, Elsewhere::Erased) => Stands::NoShare,
                (State::NoShare | State::InUse, Elsewhere::Given) => Stands::InUse(next),
                (State::NoShare | State::InUse, Elsewhere::Closed) => Stands::Closed,
                (
                    State::Closed,
                    Elsewhere::Nothing | Elsewhere::Given | Elsewhere::Closed | Elsewhere::Erased,
                ) => Stands::Closed,
            };
            assert_eq!(vault.stands_here(KEY.class, KEY.epoch), wanted, "{state:?} {elsewhere:?}");
        }
    }
}
