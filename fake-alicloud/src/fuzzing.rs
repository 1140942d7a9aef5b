//! The API door without sockets, for the fuzz targets in `fuzz/`. No part of what the library promises.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use hyper::body::Body;
use jiff::Timestamp;

use crate::{
    Behaviour, JournalEntry, Scheme, Seed, SeedError, ServiceAccountToken,
    cloud::{Cloud, Settings},
    front,
    state::State,
};

/// A cloud whose clock stands still and whose content can be put back.
#[derive(Debug)]
pub struct Door {
    cloud: Cloud,
    content: State,
}

impl Door {
    /// The door of a cloud that holds a seed.
    pub fn open(seed: &Seed, moment: Timestamp) -> Result<Self, SeedError> {
        let cloud = Cloud::new(Settings {
            default_region: "cn-hangzhou".parse().expect("a region"),
            allows_http: true,
            behaviour: Behaviour::default(),
            journal_capacity: 100,
            tls_names: Vec::new(),
        });
        cloud.clock.freeze_at(moment);
        cloud.seed(seed)?;
        let content = cloud.state().clone();
        Ok(Self { cloud, content })
    }

    /// Puts the content back to the seed and empties the journal.
    pub fn rewind(&self) {
        *self.cloud.state() = self.content.clone();
        self.cloud.journal.clear();
    }

    /// Answers a request that was read to its end.
    pub fn answer(&self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let (head, body) = request.into_parts();
        let mut context = Context::from_waker(Waker::noop());
        let reply = pin!(front::reply(&self.cloud, Scheme::Http, head, Ok(body)));
        let Poll::Ready(reply) = reply.poll(&mut context) else {
            unreachable!("only a planned fault delays an answer, and nothing is planned here")
        };
        reply.map(|mut body| match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().map(Vec::from).unwrap_or_default(),
            _ => Vec::new(),
        })
    }

    /// A token of the seed's only issuer.
    pub fn mint(&self, token: &ServiceAccountToken) -> String {
        self.cloud.mint_token(token).expect("the seed has one issuer")
    }

    /// What was called since the last rewind.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.cloud.journal.entries()
    }
}
