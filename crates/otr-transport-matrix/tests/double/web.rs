use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::homeserver::{Asked, Homeserver};

/// What a script makes of a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// This, and nothing happens.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// No answer, ever.
    Hang,
    /// The connection is cut, and nothing happens.
    CutBefore,
    /// What was asked for happens, then the connection is cut.
    CutAfter,
    /// A status line, and then bytes without end.
    Endless(u16),
    /// What was asked for happens, and this is what is said of it.
    Lie(String),
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::Answer(status, Vec::new(), body.to_string())
    }

    pub(crate) fn refusal(status: u16, code: &str) -> Self {
        Self::Answer(status, Vec::new(), super::homeserver::refusal(status, code).1.to_string())
    }
}

type Script = Box<dyn FnMut(&Asked) -> Option<Reply> + Send>;

#[derive(Default)]
struct Inner {
    server: Mutex<Homeserver>,
    scripts: Mutex<Vec<Script>>,
    news: Notify,
    /// Told when a long poll begins to wait.
    quiet: Notify,
}

/// A homeserver that listens on loopback.
pub(crate) struct Double {
    pub(crate) url: String,
    pub(crate) port: u16,
    inner: Arc<Inner>,
    task: JoinHandle<()>,
}

impl Drop for Double {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Access to what the server knows; whoever waits for news looks when it ends.
pub(crate) struct Access<'a> {
    server: MutexGuard<'a, Homeserver>,
    news: &'a Notify,
}

impl std::ops::Deref for Access<'_> {
    type Target = Homeserver;
    fn deref(&self) -> &Homeserver {
        &self.server
    }
}

impl std::ops::DerefMut for Access<'_> {
    fn deref_mut(&mut self) -> &mut Homeserver {
        &mut self.server
    }
}

impl Drop for Access<'_> {
    fn drop(&mut self) {
        self.news.notify_waiters();
    }
}

impl Double {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner::default());
        inner.server.lock().unwrap().port = port;
        let shared = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(Arc::clone(&shared), stream));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), port, inner, task }
    }

    /// The same over TLS.
    pub(crate) async fn start_tls(config: rustls::ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner::default());
        inner.server.lock().unwrap().port = port;
        let shared = Arc::clone(&inner);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
                connections.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(shared, stream).await;
                    }
                });
            }
        });
        Self { url: format!("https://localhost:{port}"), port, inner, task }
    }

    pub(crate) fn server(&self) -> Access<'_> {
        Access { server: self.inner.server.lock().unwrap(), news: &self.inner.news }
    }

    /// Requests that `script` has an opinion on are answered by it. The first script that has one counts.
    pub(crate) fn script(&self, script: impl FnMut(&Asked) -> Option<Reply> + Send + 'static) {
        self.inner.scripts.lock().unwrap().push(Box::new(script));
    }

    /// The first `times` requests to `endpoint` are answered like this.
    pub(crate) fn answer(&self, endpoint: &'static str, times: usize, reply: Reply) {
        let mut left = times;
        self.script(move |asked| {
            if left == 0 || !asked.is(endpoint) {
                return None;
            }
            left -= 1;
            Some(reply.clone())
        });
    }

    /// Waits until a long poll waits for news. What is scripted from then on concerns the next one.
    pub(crate) async fn settled(&self) {
        self.all_settled(1).await;
    }

    /// Waits until this many wait.
    pub(crate) async fn all_settled(&self, polls: usize) {
        super::within(async {
            loop {
                let quiet = self.inner.quiet.notified();
                tokio::pin!(quiet);
                quiet.as_mut().enable();
                if self.inner.server.lock().unwrap().waiting >= polls {
                    return;
                }
                quiet.await;
            }
        })
        .await;
    }

    pub(crate) fn end_scripts(&self) {
        self.inner.scripts.lock().unwrap().clear();
        self.inner.news.notify_waiters();
    }

    /// Waits until the server knows what `is_so` says.
    pub(crate) async fn until(&self, is_so: impl Fn(&Homeserver) -> bool) {
        super::within(async {
            loop {
                let news = self.inner.news.notified();
                tokio::pin!(news);
                news.as_mut().enable();
                if is_so(&self.inner.server.lock().unwrap()) {
                    return;
                }
                news.await;
            }
        })
        .await;
    }
}

async fn serve(inner: Arc<Inner>, stream: impl AsyncRead + AsyncWrite + Unpin + Send) {
    let service = service_fn(move |request| handle(Arc::clone(&inner), request));
    // A connection that is cut is what some tests want.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(inner: Arc<Inner>, request: Request<Incoming>) -> Result<Response<Out>, io::Error> {
    let asked = asked(request).await?;
    let reply = {
        let mut scripts = inner.scripts.lock().unwrap();
        scripts.iter_mut().find_map(|script| script(&asked))
    };
    inner.server.lock().unwrap().asked.push(asked.clone());
    inner.news.notify_waiters();
    match reply {
        None => respond(&inner, &asked).await,
        Some(Reply::Answer(status, headers, body)) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            Ok(response.body(Out::whole(body)).unwrap())
        }
        Some(Reply::Hang) => std::future::pending().await,
        Some(Reply::CutBefore) => Err(io::ErrorKind::ConnectionAborted.into()),
        Some(Reply::CutAfter) => {
            respond(&inner, &asked).await?;
            Err(io::ErrorKind::ConnectionAborted.into())
        }
        Some(Reply::Endless(status)) => Ok(Response::builder().status(status).body(Out::Endless).unwrap()),
        Some(Reply::Lie(body)) => {
            respond(&inner, &asked).await?;
            Ok(Response::new(Out::whole(body)))
        }
    }
}

async fn asked(request: Request<Incoming>) -> Result<Asked, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| io::ErrorKind::ConnectionAborted)?.to_bytes();
    let token = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    let query = head.uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    Ok(Asked {
        method: head.method.to_string(),
        path: head.uri.path().trim_start_matches('/').split('/').map(decoded).collect(),
        query: query.map(|(name, value)| (decoded(name), decoded(&value.replace('+', " ")))).collect(),
        token: token.and_then(|token| token.strip_prefix("Bearer ")).map(str::to_owned),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).expect("two digits after a percent sign");
        bytes.push(u8::from_str_radix(code, 16).expect("two digits after a percent sign"));
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("UTF-8 in an address")
}

async fn respond(inner: &Inner, asked: &Asked) -> Result<Response<Out>, io::Error> {
    let (status, body) = if asked.is("sync") {
        sync(inner, asked).await
    } else {
        let answer = inner.server.lock().unwrap().answer(asked);
        inner.news.notify_waiters();
        answer
    };
    Ok(Response::builder().status(status).body(Out::whole(body.to_string())).unwrap())
}

async fn sync(inner: &Inner, asked: &Asked) -> (u16, Value) {
    let wait = asked.query.get("timeout").and_then(|millis| millis.parse().ok()).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_millis(wait);
    loop {
        let news = inner.news.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        let answer = inner.server.lock().unwrap().sync(asked);
        match answer {
            Err(refusal) => return refusal,
            Ok((answer, true)) => return (200, answer),
            Ok((answer, false)) => {
                let _waiting = Waiting::new(inner);
                if timeout_at(deadline, news).await.is_err() {
                    return (200, answer);
                }
            }
        }
    }
}

/// A long poll that waits, until it is answered or given up.
struct Waiting<'a>(&'a Inner);

impl<'a> Waiting<'a> {
    fn new(inner: &'a Inner) -> Self {
        inner.server.lock().unwrap().waiting += 1;
        inner.quiet.notify_waiters();
        Self(inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.server.lock().unwrap().waiting -= 1;
    }
}

/// The body of an answer.
enum Out {
    Whole(Option<Bytes>),
    Endless,
}

impl Out {
    fn whole(text: String) -> Self {
        Self::Whole(Some(text.into()))
    }
}

impl Body for Out {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(match &mut *self {
            Self::Whole(body) => body.take().map(|body| Ok(Frame::data(body))),
            Self::Endless => Some(Ok(Frame::data(Bytes::from_static(&[b'{'; 16 * 1024])))),
        })
    }
}
