use std::time::Duration;

use tokio::io::Sink;

use super::*;

/// A client with its lines, at a time that the test moves.
struct Bench {
    client: Client,
    out: LineWriter<Sink>,
    now: Instant,
}

impl Bench {
    fn new(options: &Options) -> Self {
        let (mut out, now) = (LineWriter::keeping(), Instant::now());
        let welcome = ":s 001 alice :Welcome".parse().unwrap();
        let client = Client::welcomed((&welcome, "alice".to_owned()), Peers::default(), options, now, &mut out);
        let mut bench = Self { client, out, now };
        assert_eq!(bench.out.lines(), ["USERHOST alice", "PING :1"]);
        bench
    }

    fn hear(&mut self, line: &str) {
        self.client.handle(&line.parse().unwrap(), self.now, &mut self.out).unwrap();
    }

    /// What it does after this many seconds.
    fn after(&mut self, seconds: u64) -> Result<Vec<String>, Error> {
        self.now += Duration::from_secs(seconds);
        self.client.act(self.now, &mut self.out)?;
        Ok(self.out.lines())
    }

    fn next_act(&self) -> u64 {
        (self.client.next_act(self.now, false) - self.now).as_secs()
    }
}

#[test]
fn silence_is_broken_by_a_question_and_then_ends_the_connection() {
    let mut bench = Bench::new(&Options::default());
    bench.hear(":s PONG s :1");
    assert_eq!(bench.next_act(), 60);
    assert_eq!(bench.after(59), Ok(vec![]));
    assert_eq!(bench.after(1), Ok(vec!["PING :2".to_owned()]));
    bench.hear(":s NOTICE alice :that is no answer");
    assert_eq!(bench.next_act(), 60);
    assert_eq!(bench.after(59), Ok(vec![]));
    assert_eq!(bench.after(1), Err(Error::TimedOut));
}

#[test]
fn an_answer_is_good_until_the_next_silence() {
    let mut bench = Bench::new(&Options::default());
    for token in 1..5 {
        assert_eq!(bench.after(59), Ok(vec![]));
        bench.hear(&format!(":s PONG s :{token}"));
        assert_eq!(bench.after(60), Ok(vec![format!("PING :{}", token + 1)]));
    }
}

#[test]
fn while_the_host_takes_no_news_the_server_has_time_to_answer() {
    let mut bench = Bench::new(&Options { queue: 2, ..Options::default() });
    for _ in 0..2 {
        assert!(bench.client.has_room());
        bench.hear(":bob!u@h PRIVMSG alice :x");
    }
    assert!(!bench.client.has_room());
    assert_eq!(bench.after(3600), Ok(vec![]));
    bench.client.next_news();
    assert_eq!(bench.after(59), Ok(vec![]));
    bench.hear(":s PONG s :1");
    assert_eq!(bench.after(59), Ok(vec![]));
}

#[test]
fn a_host_that_leaves_gets_no_more_than_may_wait() {
    let mut bench = Bench::new(&Options { queue: 2, ..Options::default() });
    bench.client.drop_excess_news();
    for _ in 0..100 {
        assert!(bench.client.has_room());
        bench.hear(":bob!u@h PRIVMSG alice :x");
    }
    assert_eq!(bench.client.into_rest().1.len(), 2);
}

#[test]
fn peers_are_asked_for_now_and_then() {
    let mut bench = Bench::new(&Options::default());
    bench.hear(":s PONG s :1");
    assert_eq!(bench.after(31), Ok(vec![]), "there is none to be asked for");
    let (outcome, _receipt) = otr_transport::Receipt::open();
    bench.client.flight.take(crate::flight::Outgoing {
        to: "bob".to_owned(),
        lines: vec!["hello".to_owned()],
        outcome,
    });
    let sent = bench.after(0).unwrap();
    assert_eq!(sent, ["PRIVMSG bob :hello", "PING :2", "ISON :bob"]);
    bench.hear(":s PONG s :2");
    bench.hear(":s 303 alice :bob");
    assert_eq!(bench.next_act(), 30);
    assert_eq!(bench.after(30), Ok(vec!["ISON :bob".to_owned()]));
    assert_eq!(bench.after(29), Ok(vec![]), "the last one is not answered");
}
