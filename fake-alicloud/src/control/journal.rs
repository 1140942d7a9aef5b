//! Asking what was called.

use std::time::Duration;

use axum::{
    Json,
    extract::{RawQuery, State},
};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Refusal, Shared};
use crate::{CallFilter, FilterError, JournalEntry};

/// How long a waiting call may wait, so that a forgotten one ends before its connection is given up.
const MAX_TIMEOUT: SignedDuration = SignedDuration::from_mins(5);
const DEFAULT_TIMEOUT: SignedDuration = SignedDuration::from_secs(5);

/// What a query asks for.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    filter: CallFilter,
    count: usize,
    timeout: Duration,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum QuestionError {
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error("cannot read `count`: expected a number of calls")]
    Count,
    #[error("cannot read `timeout`: expected a duration like 5s, of at most 5m")]
    Timeout,
}

impl From<QuestionError> for Refusal {
    fn from(error: QuestionError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

type Calls = Json<Vec<JournalEntry>>;

pub(super) async fn calls(State(cloud): Shared, RawQuery(query): RawQuery) -> Result<Calls, Refusal> {
    Ok(Json(cloud.journal.select(&filter(query.as_deref())?)))
}

pub(super) async fn count(State(cloud): Shared, RawQuery(query): RawQuery) -> Result<Json<Value>, Refusal> {
    Ok(Json(json!({ "count": cloud.journal.count(&filter(query.as_deref())?) })))
}

/// Answers as soon as there are enough calls, and in any case after the timeout; the caller counts what it got.
pub(super) async fn wait(State(cloud): Shared, RawQuery(query): RawQuery) -> Result<Calls, Refusal> {
    let Question { filter, count, timeout } = question(query.as_deref())?;
    cloud.journal.wait(&filter, count, timeout).await;
    Ok(Json(cloud.journal.select(&filter)))
}

fn filter(query: Option<&str>) -> Result<CallFilter, QuestionError> {
    let mut filter = CallFilter::default();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        filter.set(&name, &value)?;
    }
    Ok(filter)
}

fn question(query: Option<&str>) -> Result<Question, QuestionError> {
    let (mut filter, mut count, mut timeout) = (CallFilter::default(), 1, DEFAULT_TIMEOUT);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "count" => count = value.parse().map_err(|_| QuestionError::Count)?,
            "timeout" => timeout = value.parse().map_err(|_| QuestionError::Timeout)?,
            _ => filter.set(&name, &value)?,
        }
    }
    if timeout > MAX_TIMEOUT {
        return Err(QuestionError::Timeout);
    }
    Ok(Question { filter, count, timeout: timeout.try_into().map_err(|_| QuestionError::Timeout)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_anything_waits_five_seconds_for_one_call() {
        let expected = Question { filter: CallFilter::default(), count: 1, timeout: Duration::from_secs(5) };
        assert_eq!(question(None), Ok(expected));
    }

    #[test]
    fn a_question_may_say_what_how_many_and_how_long() {
        let filter = CallFilter::action("GetSecretValue");
        let expected = Question { filter, count: 3, timeout: Duration::from_millis(1500) };
        assert_eq!(question(Some("action=GetSecretValue&count=3&timeout=1500ms")), Ok(expected));
    }

    #[rstest::rstest]
    #[case("count=-1", QuestionError::Count)]
    #[case("timeout=soon", QuestionError::Timeout)]
    #[case("timeout=-1s", QuestionError::Timeout)]
    #[case("timeout=6m", QuestionError::Timeout)]
    #[case("after=x", QuestionError::Filter(FilterError::After))]
    #[case("acton=x", QuestionError::Filter(FilterError::Unknown { name: "acton".to_owned() }))]
    fn a_question_that_makes_no_sense_is_refused(#[case] query: &str, #[case] error: QuestionError) {
        assert_eq!(question(Some(query)), Err(error));
    }
}
