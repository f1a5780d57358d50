//! Compression: what is compressed, in which coding, and that nothing changes by it.

use std::io::Read;

use anyhow::{Result, bail};
use http::Method;
use rota_tests::http::{Call, Response};

use super::stage::Stage;

/// `prose(bytes)` answers JSON of exactly that length.
pub(super) const TEXT: &str = "
    CREATE FUNCTION prose(bytes integer) RETURNS json IMMUTABLE LANGUAGE sql
        AS $$ SELECT to_json(left(repeat('rota ä ', bytes), bytes - 2 - (bytes - 2) / 8)) $$;
    CREATE FUNCTION exact(bytes integer) RETURNS json IMMUTABLE LANGUAGE sql
        AS $$ SELECT to_json(repeat('x', bytes - 2)) $$;
    SELECT rota.expose('prose'::regproc, 'GET', '/prose');
    SELECT rota.expose('exact'::regproc, 'GET', '/exact');
    SELECT rota.expose('exact'::regproc, 'POST', '/exact');";

async fn get(stage: &Stage, target: &str, accepted: &str) -> Result<Response> {
    stage.proxy.send(&Call::new(Method::GET, target).header("Accept-Encoding", accepted)).await
}

fn decoded(answer: &Response) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    match answer.header("content-encoding") {
        None => plain.extend_from_slice(&answer.body),
        Some("gzip") => drop(flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut plain)?),
        Some("br") => drop(brotli::Decompressor::new(&answer.body[..], 4096).read_to_end(&mut plain)?),
        Some("zstd") => plain = zstd::decode_all(&answer.body[..])?,
        Some(other) => bail!("coding {other}"),
    }
    Ok(plain)
}

#[tokio::test]
async fn every_coding_decodes_to_the_same_bytes() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    // Above and below the size from which a thread of its own compresses, and beyond a coder's window.
    for bytes in [1_200, 60_000, 500_000, 6_000_000] {
        let target = format!("/prose?bytes={bytes}");
        let plain = stage.proxy.get(&target).await?;
        assert_eq!(plain.header("content-encoding"), None);
        for coding in ["gzip", "br", "zstd"] {
            let answer = get(&stage, &target, coding).await?;
            assert_eq!(answer.header("content-encoding"), Some(coding), "{bytes}");
            assert!(answer.body.len() * 5 < plain.body.len(), "{coding}: {} bytes", answer.body.len());
            assert!(decoded(&answer)? == plain.body, "{coding} of {bytes} bytes");
        }
    }
    Ok(())
}

#[tokio::test]
async fn up_to_a_thousand_bytes_stay_as_they_are() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    for (bytes, coding, vary) in
        [(2, None, None), (1000, None, None), (1001, Some("gzip"), Some("Accept-Encoding"))]
    {
        let answer = get(&stage, &format!("/exact?bytes={bytes}"), "gzip").await?;
        assert_eq!(answer.header("content-encoding"), coding, "{bytes}");
        assert_eq!(answer.header("vary"), vary, "{bytes}");
        assert_eq!(decoded(&answer)?.len(), bytes);
    }
    Ok(())
}

#[tokio::test]
async fn the_clients_weights_decide() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("gzip;q=1.0, br;q=0.5", Some("gzip")),
        ("br;q=0.1, gzip;q=0.01", Some("br")),
        ("zstd;q=0, *", Some("br")),
        ("identity;q=0, gzip;q=0.001", Some("gzip")),
        ("identity;q=0, *", Some("zstd")),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0, br;q=0, zstd;q=0", None),
        ("*;q=0", None),
        ("deflate", None),
        ("GZIP", Some("gzip")),
        ("gzip;q=7", None),
        ("", None),
    ] {
        let answer = get(&stage, "/exact?bytes=2000", accepted).await?;
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"), "{accepted}");
    }
    Ok(())
}

#[tokio::test]
async fn answers_of_changes_and_the_description_are_compressed_too() -> Result<()> {
    let stage = Stage::new(TEXT).await?;
    let change = Call::new(Method::POST, "/exact").header("Accept-Encoding", "br");
    let change = change.body("application/json", "{\"bytes\":2000}");
    let answer = stage.proxy.send(&change).await?;
    assert_eq!(answer.header("content-encoding"), Some("br"));
    assert_eq!(decoded(&answer)?.len(), 2000);
    assert_eq!(answer.header("etag"), None);
    let answer = get(&stage, "/openapi.json", "zstd").await?;
    assert_eq!(answer.header("content-encoding"), Some("zstd"));
    assert!(decoded(&answer)?.starts_with(b"{"));
    Ok(())
}
