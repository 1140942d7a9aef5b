//! The door of the metadata service. Holds no state.

use std::{convert::Infallible, sync::Arc};

use http::{HeaderMap, Method, Response, header::HOST};
use hyper::{body::Incoming, service::service_fn};
use jiff::Timestamp;

use super::{
    answer::{self, Said},
    path::{PRODUCT, Place, within_latest},
};
use crate::{
    cloud::Cloud,
    fault::{AnswerBody, Facts, FaultProduct},
    journal::{JournalEntry, SignatureKind, Unanswered},
    listener::{Answerer, Cut},
    request::Scheme,
    state::ecs::Ecs,
};

/// The metadata door of one cloud.
pub(crate) fn door(cloud: Arc<Cloud>) -> impl Answerer<AnswerBody> {
    service_fn(move |request| receive(cloud.clone(), request))
}

/// Answers one request, whose body is of no interest, and enters it in the journal.
async fn receive(
    cloud: Arc<Cloud>,
    request: http::Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let (head, _) = request.into_parts();
    let connection = head.extensions.get::<Cut>().cloned().unwrap_or_default();
    let asked = Asked { method: &head.method, path: head.uri.path(), headers: &head.headers };
    let mut now = cloud.clock.now();
    let entry = asked.entry(&cloud, now);
    let mut trouble = cloud.plans.meet(|| asked.facts(&entry, now));
    if !trouble.delays.is_empty() {
        // Whoever leaves meanwhile has called all the same.
        let unanswered = Unanswered::new(&cloud.journal, &entry, trouble.fault.as_deref());
        for delay in trouble.delays.drain(..) {
            delay.pass().await;
        }
        unanswered.forget();
        now = cloud.clock.now();
    }
    let refusal = trouble.refusal.take();
    let said = match &refusal {
        Some((error, _)) => Err(error.status),
        None => asked.answer(&cloud, now),
    };
    let mut response = answer::response(&said);
    let mut code = None;
    if let Some((error, headers)) = refusal {
        response.headers_mut().extend(headers);
        code = Some(error.code);
    }
    let entry =
        JournalEntry { status: response.status().as_u16(), code, fault: trouble.fault.take(), ..entry };
    tracing::info!(
        api.product = entry.product,
        api.action = entry.action,
        http.status = entry.status,
        fault.id = entry.fault,
        "answered a call"
    );
    cloud.journal.record(entry);
    Ok(match trouble.damage {
        None => response.map(AnswerBody::from),
        Some(damage) => damage.inflict(response, connection).await,
    })
}

/// What of a request counts.
#[derive(Clone, Copy)]
struct Asked<'a> {
    method: &'a Method,
    path: &'a str,
    headers: &'a HeaderMap,
}

impl Asked<'_> {
    fn answer(self, cloud: &Cloud, now: Timestamp) -> Said {
        answer::answer(&mut cloud.state(), self.method, self.path, self.headers, now)
    }

    fn action(self) -> &'static str {
        within_latest(self.path).and_then(Place::read).map_or("", Place::action)
    }

    fn facts(self, entry: &JournalEntry, now: Timestamp) -> Facts<'_> {
        Facts {
            product: FaultProduct::Metadata,
            action: &entry.action,
            resources: within_latest(self.path).map(str::to_owned).into_iter().collect(),
            region: &entry.region,
            account: entry.account.clone(),
            access_key_id: None,
            caller: None,
            host: entry.host.clone(),
            is_dedicated: false,
            now,
        }
    }

    /// What the journal keeps of the request, before its answer is known.
    fn entry(self, cloud: &Cloud, now: Timestamp) -> JournalEntry {
        let (region, account) = {
            let state = cloud.state();
            let instance = state.ecs.as_ref().map(Ecs::described);
            let region = instance.and_then(|instance| instance.region.clone());
            (region.unwrap_or_default(), instance.map(|instance| instance.account.clone()))
        };
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let path = [("path".to_owned(), self.path.to_owned())];
        JournalEntry {
            sequence: 0, // the journal numbers its entries
            time: now,
            product: PRODUCT.to_owned(),
            action: self.action().to_owned(),
            version: "latest".to_owned(),
            scheme: Scheme::Http,
            method: self.method.to_string(),
            host: host.to_owned(),
            region,
            signature: SignatureKind::Unsigned,
            access_key_id: None,
            account,
            caller_arn: None,
            parameters: path.into_iter().chain(answer::telling(self.headers)).collect(),
            status: 0, // what follows is known with the answer
            code: None,
            request_id: String::new(),
            fault: None,
        }
    }
}
