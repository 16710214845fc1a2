use super::Submission::{Announced, Nothing, Sealed};
use super::*;

type Then = Result<Option<Participant>, Refused>;

/// What an event makes of a participant while the job is open and the bank in time; open and the bank late; matching,
/// reporting, certified; closed or failed.
type Row = [Then; 6];

/// There is nothing to do.
const AGAIN: Then = Ok(None);
const PASSED: Then = Err(Refused::DeadlinePassed);

fn of_an_answer(before: Participant, accepted: bool) -> Row {
    let (to, late) = (Ok(Some(Participant { accepted: Some(accepted), ..before })), closed(State::Open));
    match (before.accepted == Some(accepted), before.submission) {
        (true, Nothing | Announced | Sealed) => [AGAIN; 6],
        (false, Nothing | Announced) => [to, to, late, late, late, late],
        (false, Sealed) => {
            let stands = Err(Refused::AnswerTooLate);
            [stands, stands, late, late, late, late]
        }
    }
}

fn of_a_submission(before: Participant, event: Event) -> Row {
    let declined = before.accepted == Some(false);
    let open = |then: Then| {
        let then = if declined { Err(Refused::Declined) } else { then };
        [then, PASSED, PASSED, PASSED, PASSED, PASSED]
    };
    let with = |submission| Ok(Some(Participant { submission, ..before }));
    match (event, before.submission) {
        (Event::Header | Event::HeaderAgain, Nothing) => open(with(Announced)),
        (Event::Header, Announced | Sealed) => [Err(Refused::OtherHeader); 6],
        (Event::HeaderAgain, Announced | Sealed) => [AGAIN; 6],
        (Event::Rows | Event::Seal, Nothing) => open(Err(Refused::Unannounced)),
        (Event::Rows | Event::Seal, Announced) => open(with(Announced)),
        (Event::Rows, Sealed) => [Err(Refused::RowsTooLate); 6],
        (Event::Seal | Event::RootFits, Sealed) => [AGAIN; 6],
        // The clock says nothing any more.
        (Event::RootFits, Nothing) => {
            let row = open(Err(Refused::Unannounced));
            [row[0], row[0], PASSED, PASSED, PASSED, PASSED]
        }
        (Event::RootFits, Announced) => {
            let row = open(with(Sealed));
            [row[0], row[0], PASSED, PASSED, PASSED, PASSED]
        }
        (other, _) => panic!("{other:?} is of no submission"),
    }
}

fn of_a_return(before: Participant, again: bool) -> Row {
    let (early, late) = (Err(Refused::Early(State::Reporting)), closed(State::Reporting));
    let to = Ok(Some(Participant { returned: true, ..before }));
    match (before.returned, again, before.submission) {
        (true, true, _) => [AGAIN; 6],
        (true, false, _) => [Err(Refused::OtherReturn); 6],
        (false, _, Sealed) => [early, early, early, to, late, late],
        (false, _, Nothing | Announced) => [early, early, early, PASSED, late, late],
    }
}

fn of_a_signature(before: Participant, again: bool) -> Row {
    let (early, late) = (Err(Refused::Early(State::Certified)), closed(State::Certified));
    let to = Ok(Some(Participant { countersigned: true, ..before }));
    match (before.countersigned, again, before.submission) {
        (true, true, _) => [AGAIN; 6],
        (true, false, _) => [Err(Refused::OtherSignature); 6],
        (false, _, Sealed) => [early, early, early, early, to, late],
        (false, _, Nothing | Announced) => [early, early, early, early, PASSED, late],
    }
}

fn of_the_gathering(before: Participant, active: bool) -> Row {
    let late = closed(State::Open);
    let out = |submission| Ok(Some(Participant { submission, left_out: true, ..before }));
    let then = match (active, before.left_out, before.submission) {
        (true, _, _) | (false, true, _) => AGAIN,
        (false, false, Nothing) => out(Nothing),
        (false, false, Announced | Sealed) => out(Announced),
    };
    [then, then, late, late, late, late]
}

const fn closed(wanted: State) -> Then {
    Err(Refused::Late(wanted))
}

fn row(before: Participant, event: Event) -> Row {
    match event {
        Event::Accept => of_an_answer(before, true),
        Event::Decline => of_an_answer(before, false),
        Event::Header | Event::HeaderAgain | Event::Rows | Event::Seal | Event::RootFits => {
            of_a_submission(before, event)
        }
        Event::Return => of_a_return(before, false),
        Event::ReturnAgain => of_a_return(before, true),
        Event::Signature => of_a_signature(before, false),
        Event::SignatureAgain => of_a_signature(before, true),
        Event::GatheredActive => of_the_gathering(before, true),
        Event::GatheredAway => of_the_gathering(before, false),
    }
}

/// Where a row says what happens in a job of this state.
const fn column(job: State, in_time: bool) -> usize {
    match (job, in_time) {
        (State::Open, true) => 0,
        (State::Open, false) => 1,
        (State::Matching, _) => 2,
        (State::Reporting, _) => 3,
        (State::Certified, _) => 4,
        (State::Closed | State::Failed, _) => 5,
    }
}

fn participants() -> Vec<Participant> {
    let mut all = Vec::new();
    for accepted in [None, Some(true), Some(false)] {
        for submission in Submission::ALL {
            for bits in 0..8 {
                let [returned, countersigned, left_out] = [1, 2, 4].map(|bit| bits & bit != 0);
                all.push(Participant { accepted, submission, returned, countersigned, left_out });
            }
        }
    }
    all
}

#[test]
fn every_event_of_every_participant_in_every_state_of_its_job() {
    for before in participants() {
        for event in Event::ALL {
            let row = row(before, event);
            for (job, in_time) in State::ALL.into_iter().flat_map(|job| [(job, true), (job, false)]) {
                let wanted = row[column(job, in_time)];
                let then = before.apply(event, job, in_time);
                assert_eq!(then, wanted, "{before:?} {event:?} {job:?} {in_time}");
            }
        }
    }
}

listed! {
    /// Why nothing is taken, by the name alone.
    enum Why {
        Early,
        Late,
        DeadlinePassed,
        Declined,
        Unannounced,
        AnswerTooLate,
        RowsTooLate,
        OtherHeader,
        OtherReturn,
        OtherSignature,
    }
}

impl Why {
    const fn of(refused: Refused) -> Self {
        match refused {
            Refused::Early(_) => Self::Early,
            Refused::Late(_) => Self::Late,
            Refused::DeadlinePassed => Self::DeadlinePassed,
            Refused::Declined => Self::Declined,
            Refused::Unannounced => Self::Unannounced,
            Refused::AnswerTooLate => Self::AnswerTooLate,
            Refused::RowsTooLate => Self::RowsTooLate,
            Refused::OtherHeader => Self::OtherHeader,
            Refused::OtherReturn => Self::OtherReturn,
            Refused::OtherSignature => Self::OtherSignature,
        }
    }

    /// A refusal of this name, and with what a bank is told it: the code, the field, what is wanted, what is there.
    const fn told(self) -> (Refused, FaultCode, [Option<&'static str>; 3]) {
        match self {
            Self::Early => {
                let early = Refused::Early(State::Reporting);
                (early, FaultCode::JobNotReady, [None, Some("reporting"), Some("matching")])
            }
            Self::Late => {
                (Refused::Late(State::Open), FaultCode::JobClosed, [None, Some("open"), Some("matching")])
            }
            Self::DeadlinePassed => (Refused::DeadlinePassed, FaultCode::JobDeadlinePassed, [None; 3]),
            Self::Declined => (Refused::Declined, FaultCode::ConsentRefused, [None, None, Some("alpha")]),
            Self::Unannounced => (
                Refused::Unannounced,
                FaultCode::MessageOutOfOrder,
                [Some("header"), Some("OpenSubmission first"), None],
            ),
            Self::AnswerTooLate => (
                Refused::AnswerTooLate,
                FaultCode::SubmissionConflict,
                [Some("decision.accepted"), None, None],
            ),
            Self::RowsTooLate => {
                (Refused::RowsTooLate, FaultCode::MessageOutOfOrder, [Some("first_row"), None, None])
            }
            Self::OtherHeader => {
                (Refused::OtherHeader, FaultCode::SubmissionConflict, [Some("header"), None, None])
            }
            Self::OtherReturn => {
                (Refused::OtherReturn, FaultCode::MessageRepeated, [Some("return"), None, None])
            }
            Self::OtherSignature => {
                (Refused::OtherSignature, FaultCode::MessageRepeated, [Some("countersignature"), None, None])
            }
        }
    }
}

#[test]
fn refusals_are_told_by_code_and_field() {
    let bank = BankId::parse("alpha", "bank").unwrap();
    for why in Why::ALL {
        let (refused, code, told) = why.told();
        assert_eq!(Why::of(refused), why);
        let fault = refused.fault(&bank, State::Matching);
        assert_eq!(fault.code, code, "{why:?}");
        let texts = [fault.field.as_deref(), fault.wanted.as_deref(), fault.got.as_deref()];
        assert_eq!(texts, told, "{why:?}");
    }
}

#[test]
fn what_comes_is_set_beside_what_stands() {
    for (stands, again) in [(None, false), (Some(&[1_u8, 2][..]), true), (Some(&[1][..]), false)] {
        let comes = [1, 2];
        let events = [
            Event::header(stands, &comes) == Event::HeaderAgain,
            Event::returned(stands, &comes) == Event::ReturnAgain,
            Event::signature(stands, &comes) == Event::SignatureAgain,
        ];
        assert_eq!(events, [again; 3], "{stands:?}");
    }
    assert_eq!([true, false].map(Event::answer), [Event::Accept, Event::Decline]);
    assert_eq!([true, false].map(Event::gathered), [Event::GatheredActive, Event::GatheredAway]);
}
