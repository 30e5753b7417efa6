//! From a domain to the servers that speak for it (RFC 6120, 3.2; RFC 2782; XEP-0368).
//!
//! Where a server is, anybody can lie about who answers for the DNS. What is found is therefore never believed to be the
//! server: its certificate has to be for the domain of the address.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::SRV;
use otr_transport::Error;
use otr_transport_tls::open_tcp;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::account::Place;
use crate::{Account, Security};

/// Servers of one domain that are tried.
const MAX_SERVERS: usize = 8;

/// How often a name server that does not answer is asked again.
const RETRIES: usize = 1;

/// The part of the time for connecting that may go by before the DNS has answered.
const SHARE_OF_DNS: u32 = 4;

/// Connects to the first server that answers: where the account says it is, or else where its domain does.
pub(super) async fn connect(account: &Account) -> Result<TcpStream, Error> {
    let limit = account.options.connect_timeout;
    let Some(domain) = &account.domain else {
        return open_tcp(&account.place.host, account.place.port, limit).await;
    };
    let deadline = Instant::now() + limit;
    let mut places = announced(domain, account, limit / SHARE_OF_DNS).await?;
    if places.is_empty() {
        places.push(account.place.clone());
    }
    let mut outcome = Err(Error::NameNotResolved);
    let mut left = u32::try_from(places.len()).unwrap_or(u32::MAX);
    for place in places {
        let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        outcome = open_tcp(&place.host, place.port, share).await;
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// The servers that the domain announces, in the order in which they are to be tried; none if it announces none, or if
/// nobody knows.
async fn announced(domain: &str, account: &Account, limit: Duration) -> Result<Vec<Place>, Error> {
    let service = match account.security {
        Security::StartTls(_) | Security::Cleartext => "_xmpp-client._tcp",
        Security::DirectTls(_) => "_xmpps-client._tcp",
    };
    let Some(resolver) = resolver(account.options.name_server, limit) else { return Ok(Vec::new()) };
    // With the dot at the end the name is whole: that of our own domain is not put behind it.
    let lookup = timeout(limit, resolver.srv_lookup(format!("{service}.{domain}."))).await;
    let Ok(Ok(lookup)) = lookup else { return Ok(Vec::new()) };
    let records: Vec<&SRV> = (lookup.answers().iter())
        .filter_map(|record| if let RData::SRV(srv) = &record.data { Some(srv) } else { None })
        .collect();
    if let [only] = records.as_slice()
        && only.target.is_root()
    {
        return Err(Error::NotSupported(match account.security {
            Security::StartTls(_) | Security::Cleartext => "XMPP with STARTTLS, says the DNS of its domain",
            Security::DirectTls(_) => "XMPP with TLS from the first byte, says the DNS of its domain",
        }));
    }
    let chance = RandomState::new();
    let mut drawn = 0_u64;
    let draw = |below: u64| {
        drawn = drawn.wrapping_add(1);
        chance.hash_one(drawn) % below
    };
    Ok(in_order(&records, draw).into_iter().take(MAX_SERVERS).map(place).collect())
}

fn resolver(name_server: Option<SocketAddr>, limit: Duration) -> Option<TokioResolver> {
    let mut builder = match name_server {
        None => TokioResolver::builder_tokio().ok()?,
        Some(address) => {
            let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
                let mut connection = ConnectionConfig::new(protocol);
                connection.port = address.port();
                connection
            });
            let server = NameServerConfig::new(address.ip(), true, connections.into());
            let config = ResolverConfig::from_name_servers(vec![server]);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.attempts = RETRIES;
    options.timeout = options.timeout.min(limit / 2);
    builder.build().ok()
}

/// The dot at the end stays, so that the name is not looked for among those of our own domain; files such as /etc/hosts
/// have names of one word without.
fn place(srv: &SRV) -> Place {
    let mut host = srv.target.to_ascii();
    if srv.target.num_labels() == 1 {
        host.truncate(host.trim_end_matches('.').len());
    }
    Place { host, port: srv.port }
}

/// RFC 2782, "Usage rules": by priority, and among equals by chance, as their weights say. `draw` gives a number below
/// another one.
fn in_order<'a>(records: &[&'a SRV], mut draw: impl FnMut(u64) -> u64) -> Vec<&'a SRV> {
    let mut priorities: BTreeMap<u16, Vec<&SRV>> = BTreeMap::new();
    for record in records.iter().filter(|record| !record.target.is_root()) {
        priorities.entry(record.priority).or_default().push(record);
    }
    let mut ordered = Vec::new();
    for mut equals in priorities.into_values() {
        equals.sort_by_key(|record| record.weight);
        while !equals.is_empty() {
            let sum: u64 = equals.iter().map(|record| u64::from(record.weight)).sum();
            let mut rest = draw(sum.saturating_add(1));
            let chosen = equals.iter().position(|record| {
                let weight = u64::from(record.weight);
                let is_chosen = rest <= weight;
                rest = rest.saturating_sub(weight);
                is_chosen
            });
            ordered.push(equals.remove(chosen.unwrap_or_default()));
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn srv(priority: u16, weight: u16, host: &str) -> SRV {
        SRV::new(priority, weight, 5222, host.parse().unwrap())
    }

    fn hosts(records: &[SRV], draw: impl FnMut(u64) -> u64) -> Vec<String> {
        let records: Vec<&SRV> = records.iter().collect();
        in_order(&records, draw).into_iter().map(|record| place(record).host).collect()
    }

    #[test]
    fn priority_comes_first_and_the_root_is_no_server() {
        let records = [srv(20, 9, "c."), srv(10, 0, "a.example."), srv(5, 0, "."), srv(15, 1, "b.")];
        assert_eq!(hosts(&records, |_| 0), ["a.example.", "b", "c"]);
    }

    #[test]
    fn among_equals_weight_decides() {
        let records = [srv(1, 6, "six."), srv(1, 0, "none."), srv(1, 3, "three.")];
        let first = |number| hosts(&records, |below| number % below)[0].clone();
        let counted = |host: &str| (0..10).filter(|number| first(*number) == host).count();
        assert_eq!([counted("none"), counted("three"), counted("six")], [1, 3, 6]);
        assert_eq!(hosts(&records, |below| below - 1), ["six", "three", "none"]);
        assert_eq!(hosts(&records, |_| 0), ["none", "three", "six"]);
    }
}
