//! Socket-path authorities made acceptable.
//!
//! Drivers up to v1.5.6 and many gRPC clients send the path of the unix socket as HTTP/2 `:authority`, plain
//! or percent-encoded. Rust's HTTP types parse the authority strictly, and the server resets such a stream
//! before anyone is asked (hyperium/h2 #487). [`AcceptAnyAuthority`] stands in front of the server and
//! replaces the value on the wire.
//!
//! - **Every** value is replaced, not only those that would be refused. On a unix socket the authority says
//!   nothing and nobody here reads it; to know which values would be refused is to copy the server's grammar
//!   and follow it. So no value is ever decoded: lengths are enough. An empty value stays.
//! - The substitute decodes to **the same length**, because both sides account for a table entry by its
//!   length: later requests name the entry by index, and evictions must happen at the same moment on both
//!   sides.
//! - The substitute is all `a`, in Huffman code: as short as any text of that length can be. A block never
//!   grows, so it always fits into the frames that it came in.
//! - What is malformed stays so: it passes untouched, with everything after it, and the server refuses it.
//!
//! This module must not judge requests or know what is served, and it never holds more than one header block.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

mod block;
mod frame;
mod huffman;
mod rewriter;
mod table;

pub use rewriter::Rewriter;

/// What a client sent is not what the specifications allow, or more than is kept. Which rule it broke is for
/// the server to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Malformed;

/// An accepted connection whose `:authority` values are acceptable to the server that reads it.
///
/// What the server writes passes untouched.
pub struct AcceptAnyAuthority<S> {
    inner: S,
    rewriter: Rewriter,
    /// Rewritten, but not yet read by the server: from `given` on.
    rewritten: Vec<u8>,
    given: usize,
}

impl<S> AcceptAnyAuthority<S> {
    /// Wraps a connection of which nothing has been read yet.
    pub fn new(inner: S) -> Self {
        Self { inner, rewriter: Rewriter::new(), rewritten: Vec::new(), given: 0 }
    }

    /// Fills `buf` from what is rewritten.
    fn give(&mut self, buf: &mut ReadBuf<'_>) {
        let waiting = &self.rewritten[self.given..];
        let given = waiting.len().min(buf.remaining());
        buf.put_slice(&waiting[..given]);
        self.given += given;
        if self.given == self.rewritten.len() {
            self.rewritten.clear();
            self.given = 0;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for AcceptAnyAuthority<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        // An empty answer means the end of the stream: read on while everything read is being held.
        loop {
            if !this.rewritten.is_empty() {
                this.give(buf);
                return Poll::Ready(Ok(()));
            }
            let start = buf.filled().len();
            ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
            let read = &buf.filled()[start..];
            if read.is_empty() {
                this.rewriter.finish(&mut this.rewritten);
                this.give(buf);
                return Poll::Ready(Ok(()));
            }
            // Message bodies stay where they were read to; only what follows a header block's start is
            // copied.
            let passed = this.rewriter.pass(read);
            this.rewriter.feed(&read[passed..], &mut this.rewritten);
            buf.set_filled(start + passed);
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for AcceptAnyAuthority<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<S: Connected> Connected for AcceptAnyAuthority<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.inner.connect_info()
    }
}
