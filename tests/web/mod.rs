//! An HTTP server of one's own, that answers as it is told and keeps the bytes that it was sent.
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of this")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Status(u16),
    /// To the same server, where all is well.
    Redirect,
    /// Nothing, for ever.
    Hang,
    /// A byte of its header now and then, for ever.
    Drip,
    /// The status at once, and a body without end.
    Flood,
    /// It hangs up.
    Cut,
}

/// Listens until the test ends.
pub struct Web {
    pub port: u16,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// What was sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST /path HTTP/1.1`
    pub line: String,
    pub head: String,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Web {
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let this = Self { port, answer: Arc::new(Mutex::new(answer)), requests: Arc::default() };
        let (answer, requests) = (this.answer.clone(), this.requests.clone());
        spawn(move || {
            for stream in listener.incoming() {
                let (answer, requests) = (*answer.lock().unwrap(), requests.clone());
                spawn(move || serve(stream.unwrap(), answer, &requests));
            }
        });
        this
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Were so many sent since [`Web::requests`] was last asked?
    pub fn got(&self, count: usize) -> bool {
        self.requests.lock().unwrap().len() == count
    }

    /// What was sent since this was last asked.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, answer: Answer, requests: &Mutex<Vec<Request>>) {
    let Some(request) = read(&mut stream) else { return };
    requests.lock().unwrap().push(request);
    let status =
        |code: u16, more: &str| format!("HTTP/1.1 {code} x\r\n{more}content-length: 0\r\n\r\n");
    let forever = |stream: &mut TcpStream, bytes: &[u8], pause: u64| {
        while stream.write_all(bytes).is_ok() {
            sleep(Duration::from_millis(pause));
        }
    };
    match answer {
        Answer::Status(code) => drop(stream.write_all(status(code, "").as_bytes())),
        Answer::Redirect => drop(stream.write_all(status(307, "location: /else\r\n").as_bytes())),
        Answer::Hang => sleep(Duration::from_secs(60)),
        Answer::Drip => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ");
            forever(&mut stream, b"y", 100);
        }
        Answer::Flood => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            forever(&mut stream, &[b'z'; 65536], 0);
        }
        Answer::Cut => {}
    }
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let (line, head) = head.split_once("\r\n").unwrap_or((head, ""));
            let request = Request { line: line.into(), head: head.into(), body: body.into() };
            let length: usize = request.header("content-length").unwrap_or("0").parse().unwrap();
            if body.len() >= length {
                return Some(request);
            }
        }
        let count = stream.read(&mut chunk).ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..count]);
    }
}
