//! Every stage of a ceremony under every event, for every part that a holder may have in one.

use zeroize::Zeroizing;

use lianfang_proto::listed;

use super::play::{At, Cast, HOLDERS, Part, Play, Shown, Voice};
use super::*;
use crate::ceremony::failure::{Failure, Reason};
use crate::ceremony::sightings::Sightings;
use crate::ceremony::state::{Effect, Event, Stage, State};
use crate::ceremony::stored;

listed! {
    /// The events in which what the board shows decides nothing.
    enum Other { Deadline, GivenUp, Superseded }
}

impl Other {
    const fn of(event: &Event<'_>) -> Option<Self> {
        match event {
            Event::Board(_) => None,
            Event::Deadline(_) => Some(Self::Deadline),
            Event::GivenUp(_) => Some(Self::GivenUp),
            Event::Superseded => Some(Self::Superseded),
        }
    }
}

/// Who is named.
#[derive(Clone, Copy)]
enum Who {
    Me,
    Last,
    Third,
    Nobody,
    /// The last, on the word of the third.
    Accused,
}

/// What comes of an event.
#[derive(Clone, Copy)]
enum Then {
    /// Nothing: the state is the same to the byte, and there is no effect.
    Stays,
    /// This stage, with posts of these phases; no effect.
    Goes(At, &'static [Phase]),
    /// Done, with this effect; nothing is said.
    Ends(&'static str),
    /// This stage, by this holder's own finding; the others are told by a complaint.
    Finds(At, Reason, Who),
    /// This stage; nothing is said.
    Fails(At, Reason, Who),
}

use Then::{Ends, Fails, Finds, Goes, Stays};

const VOICES: usize = Voice::ALL.len();

/// A stage, what comes of each board (by what it shows of the awaited posts, and besides), and of the other events.
type Row = (At, [[Then; VOICES]; Shown::ALL.len()], [Then; Other::ALL.len()]);

const fn found(at: At, reason: Reason) -> [Then; VOICES] {
    [Finds(at, reason, Who::Last); VOICES]
}

/// A step that waits for what the board shows besides: it is taken, or not, where the board is quiet.
const fn unless_trouble(at: At, then: Then) -> [Then; VOICES] {
    [
        then,
        Fails(at, Reason::PackageWrong, Who::Accused),
        Finds(at, Reason::TwoOpenings, Who::Third),
        Finds(at, Reason::OwnStateLost, Who::Me),
    ]
}

const fn ended(at: At, missing: Who) -> [Then; Other::ALL.len()] {
    [
        Fails(at, Reason::Missing, missing),
        Fails(at, Reason::GivenUp, Who::Last),
        Fails(At::Failed, Reason::Superseded, Who::Nobody),
    ]
}

/// The stages until this holder has endorsed, or summed.
fn before_the_last(part: Part) -> Vec<Row> {
    let dealt: &'static [Phase] = match part {
        Part::Maker | Part::Refresher => &[Phase::RoundTwo, Phase::RoundTwo],
        Part::Loser => &[],
        Part::Helper => &[Phase::RoundTwo],
    };
    let last = match part {
        Part::Maker | Part::Refresher | Part::Loser => Goes(At::Endorsed, &[Phase::Endorse]),
        Part::Helper => Goes(At::Summed, &[Phase::RoundThree]),
    };
    let on = |then| unless_trouble(At::Failed, then);
    let wrong = |reason| found(At::Failed, reason);
    let opens = on(Goes(At::Opened, &[Phase::RoundOne]));
    let echoes = on(Goes(At::Echoed, &[Phase::Echo]));
    let deals = on(Goes(At::Dealt, dealt));
    let gone = [Finds(At::Failed, Reason::ShareGone, Who::Me); VOICES];
    // A helper computes with its share in three steps, who refreshes in the last one.
    let helper = |then| if part == Part::Helper { gone } else { then };
    let sharer = |then| if part == Part::Refresher { gone } else { helper(then) };
    let others = ended(At::Failed, Who::Last);
    vec![
        (At::Accepted, [opens, opens, opens, helper(opens), opens], others),
        (At::Opened, [on(Stays), echoes, wrong(Reason::OpeningMalformed), echoes, echoes], others),
        (At::Echoed, [on(Stays), deals, wrong(Reason::EchoMalformed), helper(deals), deals], others),
        (
            At::Dealt,
            [on(Stays), on(last), wrong(Reason::PackageUnreadable), sharer(on(last)), on(last)],
            others,
        ),
    ]
}

/// The whole table of a part: the stages in the order in which it comes to them, then those that the honest do not see.
fn table(part: Part) -> Vec<Row> {
    let stays = [Stays; VOICES];
    let over = ([stays; Shown::ALL.len()], [Stays; Other::ALL.len()]);
    let superseded = Fails(At::Failed, Reason::Superseded, Who::Nobody);
    let noted = [Stays, Stays, superseded];
    let [quiet, _, twice, strange] = unless_trouble(At::Accusing, Stays);
    let waits = [quiet, Fails(At::Told, Reason::PackageWrong, Who::Accused), twice, strange];
    // Who is only late hides no finding; another's word changes nothing.
    let late = [Stays, Stays, twice, strange];
    let mut rows = before_the_last(part);
    match part {
        Part::Maker | Part::Refresher => {
            let done = [Ends("activate"); VOICES];
            let wrong = found(At::Accusing, Reason::EndorsementMalformed);
            // As long as its own endorsement is on its way, this holder waits as for another's.
            rows.push((At::Endorsed, [waits, done, wrong, done, waits], ended(At::Troubled, Who::Last)));
            rows.push((At::Done, over.0, over.1));
            rows.push((At::Troubled, [late, done, wrong, done, late], noted));
            // The first that has done wrong stands; the last endorsement ends it all the same.
            rows.push((At::Accusing, [stays, done, stays, done, stays], noted));
            rows.push((At::Told, [stays, done, stays, done, stays], noted));
        }
        Part::Loser => {
            // Its own endorsement is the only one: it waits until that stands on the board, and for nobody.
            let done = [Ends("restore"); VOICES];
            rows.push((At::Endorsed, [done, done, done, done, waits], ended(At::Troubled, Who::Nobody)));
            rows.push((At::Done, over.0, over.1));
            rows.push((At::Troubled, [done, done, done, done, late], noted));
            rows.push((At::Accusing, [done, done, done, done, stays], noted));
            rows.push((At::Told, [done, done, done, done, stays], noted));
        }
        Part::Helper => {
            let done = [Ends("repaired"); VOICES];
            let waits = unless_trouble(At::Failed, Stays);
            let wrong = found(At::Failed, Reason::EndorsementMalformed);
            rows.push((At::Summed, [waits, done, wrong, done, done], ended(At::Failed, Who::Last)));
            rows.push((At::Done, over.0, over.1));
        }
    }
    rows.push((At::Failed, over.0, over.1));
    rows
}

/// What is awaited in a stage, and from whom.
const fn awaited(part: Part, at: At) -> (Phase, &'static [usize]) {
    let others: &[usize] = match part {
        Part::Maker | Part::Refresher | Part::Loser => &[1, 2],
        Part::Helper => &[0, 2],
    };
    match (at, part) {
        (At::Accepted | At::Opened, _) => (Phase::RoundOne, others),
        (At::Echoed, _) => (Phase::Echo, others),
        (At::Dealt, Part::Maker | Part::Refresher) => (Phase::RoundTwo, others),
        (At::Dealt, Part::Loser) => (Phase::RoundThree, others),
        (At::Dealt, Part::Helper) => (Phase::RoundTwo, &[2]),
        (At::Summed, _) => (Phase::Endorse, &[0]),
        (At::Endorsed | At::Troubled | At::Accusing | At::Told, Part::Maker | Part::Refresher) => {
            (Phase::Endorse, others)
        }
        (At::Endorsed | At::Troubled | At::Accusing | At::Told, Part::Loser | Part::Helper) => {
            (Phase::Endorse, &[])
        }
        (At::Done | At::Failed, _) => (Phase::Endorse, &[]),
    }
}

/// A holder in one stage of one ceremony.
struct Scene<'a> {
    play: &'a Play,
    at: At,
    cast: Cast,
    kept: Zeroizing<Vec<u8>>,
}

/// Every stage of a part: those that it passed through, and what comes of two of them when others stay away, or do wrong.
fn scenes(play: &Play, part: Part) -> Vec<Scene<'_>> {
    let scene = |kept: Zeroizing<Vec<u8>>| {
        let at = At::of(&play.read(&kept).stage);
        let (phase, from) = awaited(part, at);
        // Where nobody is awaited, it does not matter who is missing. The positions of all three add up to three.
        let last = from.last().copied().unwrap_or(2);
        let cast = Cast { me: play.me, last, third: HOLDERS - play.me - last, phase };
        Scene { play, at, cast, kept }
    };
    let mut scenes: Vec<Scene<'_>> = play.passed.iter().cloned().map(scene).collect();
    let mut others = Vec::new();
    if let Some(endorsed) = scenes.iter().find(|scene| scene.at == At::Endorsed) {
        others.push(endorsed.after(Other::Deadline));
        others.push(endorsed.seen(Shown::Unheard, Voice::Twice));
        others.push(endorsed.seen(Shown::Unheard, Voice::Complaint));
    }
    others.push(scenes[0].after(Other::GivenUp));
    scenes.extend(others.into_iter().map(scene));
    scenes
}

impl Scene<'_> {
    fn state(&self) -> State {
        self.play.read(&self.kept)
    }

    fn board(&self, shown: Shown, voice: Voice) -> Sightings {
        self.play.board(&self.state(), self.cast, shown, voice)
    }

    fn event<'b>(&self, other: Other, board: &'b Sightings) -> Event<'b> {
        let event = match other {
            Other::Deadline => Event::Deadline(board),
            Other::GivenUp => Event::GivenUp(self.failure(Reason::GivenUp, Who::Last)),
            Other::Superseded => Event::Superseded,
        };
        assert_eq!(Other::of(&event), Some(other));
        event
    }

    /// The stage after this event, under a board that shows too little.
    fn after(&self, other: Other) -> Zeroizing<Vec<u8>> {
        let board = self.board(Shown::Little, Voice::Quiet);
        let event = self.event(other, &board);
        stored::write(&self.play.step(self.cast.me, self.state(), event, false).0)
    }

    /// The stage after this board.
    fn seen(&self, shown: Shown, voice: Voice) -> Zeroizing<Vec<u8>> {
        let board = self.board(shown, voice);
        stored::write(&self.play.step(self.cast.me, self.state(), Event::Board(&board), false).0)
    }

    fn failure(&self, reason: Reason, who: Who) -> Failure {
        let of = |at: usize| Failure::of(reason, self.play.bank(at));
        match who {
            Who::Me => of(self.cast.me),
            Who::Last => of(self.cast.last),
            Who::Third => of(self.cast.third),
            Who::Nobody => Failure::nobodys(reason),
            Who::Accused => {
                Failure { reporter: Some(self.play.bank(self.cast.third).clone()), ..of(self.cast.last) }
            }
        }
    }

    /// The word for an effect; what it carries is what this holder has endorsed, or what the state says.
    fn word(&self, effect: &Effect, after: &State) -> &'static str {
        let endorsed = |share: &[u8], record: &KeyRecord| {
            let Stage::Endorsed { share: made, record: signed, .. } = self.state().stage else {
                panic!("nothing was endorsed")
            };
            assert!(share == made.as_slice() && *record == *signed, "another share or record");
        };
        match effect {
            Effect::Activate { share, record } => {
                endorsed(share, record.record());
                "activate"
            }
            Effect::Restore { share, record } => {
                endorsed(share, record);
                "restore"
            }
            Effect::Repaired => "repaired",
            Effect::Ended(failure) => {
                assert_eq!(Some(failure), after.failure());
                "ended"
            }
        }
    }

    fn check(&self, event: Event<'_>, shareless: bool, then: Then, case: &str) {
        let before = self.state();
        let (said, failure) = (before.papers.outbox.len(), before.failure().cloned());
        let (after, effects) = self.play.step(self.cast.me, before, event, shareless);
        let posts = after.papers.outbox[said..].iter().map(|own| own.post.value().phase);
        let words: Vec<&str> = effects.iter().map(|effect| self.word(effect, &after)).collect();
        let came = (At::of(&after.stage), posts.collect::<Vec<_>>(), words, after.failure().cloned());
        let ends = |at: At| if at == At::Failed { vec!["ended"] } else { Vec::new() };
        let wanted = match then {
            Stays => {
                assert!(stored::write(&after).as_slice() == self.kept.as_slice(), "{case}: it has changed");
                (self.at, Vec::new(), Vec::new(), failure)
            }
            Goes(at, phases) => (at, phases.to_vec(), Vec::new(), None),
            Ends(effect) => (At::Done, Vec::new(), vec![effect], None),
            Finds(at, reason, who) => (at, vec![Phase::Complaint], ends(at), Some(self.failure(reason, who))),
            Fails(at, reason, who) => (at, Vec::new(), ends(at), Some(self.failure(reason, who))),
        };
        assert_eq!(came, wanted, "{case}");
    }
}

#[tokio::test]
async fn every_stage_under_every_event() {
    let (world, drivers, record) = with_key(HOLDERS, 2).await;
    let mut seen = Vec::new();
    for part in Part::ALL {
        let play = Play::new(&world, &drivers, record.record(), part);
        let (scenes, table) = (scenes(&play, part), table(part));
        let stages: Vec<At> = scenes.iter().map(|scene| scene.at).collect();
        assert_eq!(stages, table.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), "{part:?}");
        for (scene, (at, boards, others)) in scenes.iter().zip(table) {
            for (shown, row) in Shown::ALL.into_iter().zip(boards) {
                for (voice, then) in Voice::ALL.into_iter().zip(row) {
                    let board = scene.board(shown, voice);
                    let case = format!("{part:?}, {at:?}: {shown:?}, {voice:?}");
                    scene.check(Event::Board(&board), shown == Shown::Shareless, then, &case);
                }
            }
            let board = scene.board(Shown::Little, Voice::Quiet);
            for (other, then) in Other::ALL.into_iter().zip(others) {
                scene.check(scene.event(other, &board), false, then, &format!("{part:?}, {at:?}: {other:?}"));
            }
        }
        seen.extend(stages);
    }
    assert!(At::ALL.iter().all(|at| seen.contains(at)), "a stage was never tried");
}

#[tokio::test]
async fn who_is_awaited_in_every_stage_and_what_has_gone_wrong() {
    let (world, drivers, record) = with_key(HOLDERS, 2).await;
    for part in Part::ALL {
        let play = Play::new(&world, &drivers, record.record(), part);
        for scene in scenes(&play, part) {
            let (state, case) = (scene.state(), format!("{part:?}, {:?}", scene.at));
            let banks = |from: &[usize]| from.iter().map(|at| play.bank(*at).clone()).collect::<Vec<_>>();
            let (_, from) = awaited(part, scene.at);
            let last = from.split_last().map_or(&[][..], |(last, _)| std::slice::from_ref(last));
            assert_eq!(state.awaited(&Sightings::default()), banks(from), "{case}");
            assert_eq!(state.awaited(&scene.board(Shown::Little, Voice::Quiet)), banks(last), "{case}");
            assert!(state.awaited(&scene.board(Shown::Enough, Voice::Quiet)).is_empty(), "{case}");
            let wrong = match (scene.at, part) {
                (At::Troubled, Part::Loser) => Some(scene.failure(Reason::Missing, Who::Nobody)),
                (At::Troubled, Part::Maker | Part::Refresher | Part::Helper) => {
                    Some(scene.failure(Reason::Missing, Who::Last))
                }
                (At::Accusing, _) => Some(scene.failure(Reason::TwoOpenings, Who::Third)),
                (At::Told, _) => Some(scene.failure(Reason::PackageWrong, Who::Accused)),
                (At::Failed, _) => Some(scene.failure(Reason::GivenUp, Who::Last)),
                (
                    At::Accepted | At::Opened | At::Echoed | At::Dealt | At::Summed | At::Endorsed | At::Done,
                    _,
                ) => None,
            };
            assert_eq!(state.failure(), wrong.as_ref(), "{case}");
        }
    }
}
