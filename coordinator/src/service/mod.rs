//! gRPC: one file per service. A handler finds out who calls, opens what was sent, and lets a room do it.
//!
//! Who calls is the certificate's word alone; what a bank has signed is opened with the key that the roster pins for it.

mod board;
mod directory;
mod enrolment;
mod intake;
mod jobs;
mod reports;

use std::sync::Arc;

use lianfang_link::require_bank;
use lianfang_proto::checked::open_signed;
use lianfang_proto::ids::BankId;
use lianfang_proto::limits::MESSAGE_BYTES;
use lianfang_proto::{Fault, FaultCode, v1};
use lianfang_trust::{Canonical, Signed};
use tokio::sync::watch;
use tonic::service::{Routes, RoutesBuilder};
use tonic::{Request, Status};

use crate::fault::Error;
use crate::office::Office;
use crate::roster::active_member;

/// The one service that strangers may call.
pub const OPEN: &str = "lianfang.v1.Enrolment";

/// All services over one office.
#[derive(Clone)]
pub struct Services {
    office: Arc<Office>,
    stop: watch::Receiver<bool>,
}

impl Services {
    /// `stop` ends long polls when the server stops.
    pub fn new(office: Arc<Office>, stop: watch::Receiver<bool>) -> Self {
        Self { office, stop }
    }

    /// Every service, its messages bounded.
    pub fn routes(&self) -> Routes {
        let mut routes = RoutesBuilder::default();
        macro_rules! add {
            ($($server:ty),+) => {
                $(routes.add_service(
                    <$server>::new(self.clone())
                        .max_decoding_message_size(MESSAGE_BYTES)
                        .max_encoding_message_size(MESSAGE_BYTES),
                );)+
            };
        }
        add!(
            v1::enrolment_server::EnrolmentServer<Self>,
            v1::directory_server::DirectoryServer<Self>,
            v1::ceremony_board_server::CeremonyBoardServer<Self>,
            v1::jobs_server::JobsServer<Self>,
            v1::intake_server::IntakeServer<Self>,
            v1::reports_server::ReportsServer<Self>
        );
        routes.routes()
    }

    /// Opens what the caller has signed, with the key that the roster pins for it.
    fn open<T: Canonical>(&self, caller: &BankId, bytes: &[u8], field: &str) -> Result<Signed<T>, Error> {
        let member = active_member(&self.office.book.now(), caller)?;
        Ok(open_signed(bytes, field, &member.identity)?)
    }
}

/// The bank behind a request.
fn caller<T>(request: &Request<T>) -> Result<BankId, Status> {
    let bank = require_bank(request)?;
    BankId::parse(&bank, "certificate").map_err(|_| Fault::new(FaultCode::Unauthenticated).into())
}
