use super::*;
use crate::cache::claims::Claims;
use crate::cache::key::{Origin, Viewpoint};
use crate::endpoint::Arguments;
use crate::endpoint::samples::endpoint;

fn key(path: &str) -> Key {
    let origin = Origin { system_identifier: 1, timeline: 1, epoch: 1 };
    let viewpoint = Viewpoint { database: "rota".to_owned(), role: "web".to_owned(), generation: 1 };
    let arguments = Arguments { supplied: 0, values: Vec::new(), claims: Claims::default() };
    Key::of(origin, &viewpoint, &endpoint("GET", path, &[]), &arguments)
}

fn entry(xmin: u64, xmax: u64, body: Option<&'static [u8]>) -> Entry {
    let answer = body.map(|body| {
        let body = Bytes::from_static(body);
        let entity_tag = entity_tag(&body, Coding::Identity);
        Variants::new(Encoded::new(body, entity_tag))
    });
    Entry {
        answer,
        stamp: Snapshot { xmin, xmax, in_progress: [xmin].into(), taken_in_recovery: true },
        tags: [Tag(1), Tag(u64::MAX)].into(),
        filled: Instant::now(),
        lifetime: Duration::from_secs(60),
        staleness_ms: 0,
    }
}

#[test]
fn an_entry_comes_back_as_it_was_and_under_its_own_key_only() {
    for body in [Some(&b"{\"a\":1}"[..]), Some(b""), None] {
        let stored = entry(7, 9, body);
        let value = Bytes::from(written(&key("/a"), &stored));
        let read_back = read(&value, &key("/a")).unwrap();
        assert_eq!(read_back.stamp, stored.stamp);
        assert_eq!(read_back.tags, stored.tags);
        assert_eq!(read_back.lifetime, stored.lifetime);
        let bodies = [&read_back, &stored].map(|entry| {
            entry
                .answer
                .as_ref()
                .map(|variants| (variants.identity().body.clone(), variants.identity().entity_tag.clone()))
        });
        assert_eq!(bodies[0], bodies[1]);
        assert!(read_back.filled.elapsed() < Duration::from_secs(30));
        assert!(read(&value, &key("/b")).is_none());
    }
}

#[test]
fn a_value_cut_short_in_its_head_is_no_entry() {
    let value = Bytes::from(written(&key("/a"), &entry(7, 9, Some(b"{}"))));
    for length in 0..value.len() - 2 {
        assert!(read(&value.slice(..length), &key("/a")).is_none(), "{length}");
    }
    let mut other_format = value.to_vec();
    other_format[3] = b'2';
    assert!(read(&other_format.into(), &key("/a")).is_none());
}

#[test]
fn the_newer_stamp_is_the_greater_string() {
    let stamp = |xmin, xmax| written(&key("/a"), &entry(xmin, xmax, None))[STAMP_START..STAMP_END].to_vec();
    assert!(stamp(7, 300) > stamp(7, 299));
    assert!(stamp(8, 300) > stamp(7, 300));
    assert!(stamp(255, 256) > stamp(254, 255));
}
