//! Bodies of answers, whole or damaged.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderValue, Response, header::CONTENT_TYPE};
use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::{
    Malformation, Truncation,
    plan::{Damage, Delay},
};
use crate::listener::Cut;

/// The body of an answer.
pub(crate) struct AnswerBody {
    parts: VecDeque<Part>,
    /// The length that the head of the answer tells.
    announced: u64,
}

enum Part {
    Data(Bytes),
    Wait(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// Gives the connection the time to send what it has.
    Flush,
    Break,
}

/// The body breaks off, as was planned.
#[derive(Debug, thiserror::Error)]
#[error("the answer was to break off here")]
pub(crate) struct BrokenOff;

impl AnswerBody {
    /// The body stops in its middle.
    fn paused(whole: &Bytes, delay: Delay) -> Self {
        let (first, second) = (whole.slice(..whole.len() / 2), whole.slice(whole.len() / 2..));
        let parts = [Part::Data(first), Part::Wait(Box::pin(delay.pass())), Part::Data(second)];
        Self { parts: parts.into(), announced: length(whole) }
    }

    /// The body ends before the length that was told.
    fn truncated(whole: &Bytes, truncation: &Truncation) -> Self {
        // The last byte never comes, whatever was asked for.
        let sent = truncation.after.unwrap_or(whole.len() / 2).min(whole.len().saturating_sub(1));
        let parts = [Part::Data(whole.slice(..sent)), Part::Flush, Part::Break];
        Self { parts: parts.into(), announced: length(whole).max(1) }
    }
}

impl Damage {
    /// Does it to an answer. After a reset there is nobody to answer any more, so this never ends then.
    pub(crate) async fn inflict(self, answer: Response<Bytes>, connection: Cut) -> Response<AnswerBody> {
        match self {
            Self::Reset => {
                connection.reset();
                std::future::pending().await
            }
            Self::Silence(delay) => {
                delay.pass().await;
                answer.map(AnswerBody::from)
            }
            Self::Pause(delay) => answer.map(|body| AnswerBody::paused(&body, delay)),
            Self::Truncate(truncation) => answer.map(|body| AnswerBody::truncated(&body, &truncation)),
            Self::Malform(how) => malform(answer, how).map(AnswerBody::from),
        }
    }
}

/// Replaces the body of an answer by what it should not be.
fn malform(mut answer: Response<Bytes>, how: Malformation) -> Response<Bytes> {
    if how == Malformation::Html {
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
    answer.map(|body| match how {
        Malformation::Html => Bytes::from_static(b"<html><body><h1>Bad Gateway</h1></body></html>"),
        Malformation::Half => body.slice(..body.len() / 2),
        Malformation::Garbage => (0x80..=0xff).collect(),
        Malformation::Empty => Bytes::new(),
        Malformation::MissingFields => Bytes::from_static(b"{}"),
    })
}

fn length(bytes: &Bytes) -> u64 {
    bytes.len().try_into().unwrap_or(u64::MAX)
}

impl From<Bytes> for AnswerBody {
    fn from(bytes: Bytes) -> Self {
        let announced = length(&bytes);
        let parts = if bytes.is_empty() { VecDeque::new() } else { [Part::Data(bytes)].into() };
        Self { parts, announced }
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may hold a secret.
        formatter.debug_struct("AnswerBody").field("announced", &self.announced).finish_non_exhaustive()
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            match self.parts.front_mut() {
                None => return Poll::Ready(None),
                Some(Part::Data(_)) => {
                    let Some(Part::Data(bytes)) = self.parts.pop_front() else { continue };
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                }
                Some(Part::Wait(wait)) => {
                    if wait.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                    self.parts.pop_front();
                }
                Some(Part::Flush) => {
                    self.parts.pop_front();
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Part::Break) => return Poll::Ready(Some(Err(BrokenOff))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
